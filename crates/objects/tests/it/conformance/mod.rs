//! What every part behind the port does, each with its own way to make a store.

pub(crate) mod listing;
pub(crate) mod reading;
pub(crate) mod writing;

/// Every case as a test, on stores that `$store().await` makes: whatever lives as long as the test,
/// and the store.
macro_rules! conformance {
    ($store:path: $($area:ident::$case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let (_place, objects) = $store().await;
            crate::conformance::$area::$case(&objects).await;
        }
    )*};
    ($store:path) => {
        crate::conformance::conformance! { $store:
            reading::what_was_put_is_read
            reading::an_empty_object_is_one
            reading::ranges
            reading::what_is_not_there_is_not_found
            writing::of_sixteen_that_create_one_wins
            writing::a_reader_has_one_version_while_others_are_written
            writing::a_stream_is_written_in_constant_memory
            writing::a_stream_that_breaks_leaves_nothing
            writing::a_stream_that_creates_does_not_replace
            writing::what_is_deleted_is_gone
            writing::a_check_leaves_nothing
            listing::pages_in_the_order_of_keys
            listing::a_tenant_sees_its_own
        }
    };
}

pub(crate) use conformance;
