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

    /// The order that a text begins with, and the rest; equality where it begins with none.
    pub(crate) fn leading(text: &str) -> (Self, &str) {
        [Self::AtLeast, Self::AtMost, Self::More, Self::Less]
            .into_iter()
            .find_map(|order| Some((order, text.strip_prefix(order.as_str())?)))
            .unwrap_or((Self::Equal, text))
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
