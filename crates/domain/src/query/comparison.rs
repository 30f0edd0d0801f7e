//! How values relate.

/// How a field's value relates to the one in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    /// Whether `left` stands so to `right`.
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }

    /// As it is written in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => ":",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A comparison that is not equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl From<Order> for Comparison {
    fn from(order: Order) -> Self {
        match order {
            Order::Less => Self::Less,
            Order::AtMost => Self::AtMost,
            Order::More => Self::More,
            Order::AtLeast => Self::AtLeast,
        }
    }
}
