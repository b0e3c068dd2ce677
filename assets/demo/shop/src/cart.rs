//! The cart and what it costs. Amounts are whole cents.

/// One line of a cart.
pub struct Item {
    pub name: String,
    pub cents: u64,
    pub quantity: u64,
}

/// What the customer pays, and what a piece costs on average.
#[derive(Debug, PartialEq, Eq)]
pub struct Total {
    pub cents: u64,
    pub pieces: u64,
    pub average_cents: u64,
}

/// Adds the cart up.
pub fn total(items: &[Item]) -> Total {
    let cents = items.iter().map(|item| item.cents * item.quantity).sum::<u64>();
    let pieces = items.iter().map(|item| item.quantity).sum::<u64>();
    Total { cents, pieces, average_cents: cents / pieces }
}

/// Reads `name:cents:quantity` parts joined by `,`; an empty text is an empty cart.
pub fn parse(text: &str) -> Option<Vec<Item>> {
    text.split(',').filter(|part| !part.is_empty()).map(item).collect()
}

fn item(part: &str) -> Option<Item> {
    let mut fields = part.split(':');
    let item = Item {
        name: fields.next()?.to_owned(),
        cents: fields.next()?.parse().ok()?,
        quantity: fields.next()?.parse().ok()?,
    };
    fields.next().is_none().then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_a_cart() {
        let cart = parse("tea:450:2,mug:1200:1").unwrap();
        assert_eq!(total(&cart), Total { cents: 2100, pieces: 3, average_cents: 700 });
    }

    #[test]
    fn refuses_what_is_no_cart() {
        assert!(parse("tea").is_none());
        assert!(parse("tea:much:1").is_none());
    }
}
