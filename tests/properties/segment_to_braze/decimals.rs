//! Products and sums are exact.

use crate::config::cases;
use crate::printed::{Line, below};
use crate::settings::settings;
use event::Route;
use event::json::{Decimal, Json};
use event::settings::Settings;
use proptest::prelude::*;

fn order(products: &[(i64, i64)]) -> String {
    let products: Vec<String> = products
        .iter()
        .map(|(cents, tenths)| {
            format!(
                r#"{{"id":"p","price":{},"quantity":"{}"}}"#,
                decimal(*cents, 2),
                decimal(*tenths, 1)
            )
        })
        .collect();
    format!(
        r#"{{"type":"track","userId":"u","event":"Order Completed","timestamp":1770112800,"properties":{{"order_id":"o","products":[{}]}}}}"#,
        products.join(",")
    )
}

/// A whole number of units of so many places.
fn decimal(units: i64, places: usize) -> String {
    let digits = format!("{units:0width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{whole}.{fraction}")
}

fn number(json: Json<'_>) -> Decimal {
    Decimal::parse(json.as_number().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(cases!(500, "segment_to_braze_decimals"))]

    #[test]
    fn the_purchases_of_a_product_are_worth_price_times_quantity(
        cents in 0_i64..1_000_000_000_000,
        tenths in 1_i64..15_000,
    ) {
        event::rules!["SB-006", "SB-177", "SB-178"];
        let line = Line::of(Route::SegmentToBraze, &order(&[(cents, tenths)]), &Settings::default());
        let purchases = below(line.body(), &["purchases"]).and_then(Json::as_array).unwrap();
        let worth = purchases.iter().fold(Decimal::from(0), |sum, purchase| {
            let of = |key| number(below(*purchase, &[key]).unwrap());
            sum.plus(&of("price").times(&of("quantity")))
        });
        // In tenths of a cent.
        prop_assert_eq!(worth.times(&Decimal::from(1000)), Decimal::from(cents).times(&Decimal::from(tenths)));
        prop_assert_eq!(line.warns("quantity_folded"), tenths % 10 != 0 || tenths > 10_000);
    }

    #[test]
    fn the_total_of_an_order_is_the_sum_of_its_products(
        products in prop::collection::vec((0_i64..1_000_000_000, 1_i64..15_000), 1..5),
    ) {
        event::rules!["SB-006", "SB-203"];
        let line = Line::of(Route::SegmentToBraze, &order(&products), &settings("orders = \"ecommerce\""));
        let total = number(below(line.body(), &["events", "0", "properties", "total_value"]).unwrap());
        let wanted = products.iter().map(|(cents, tenths)| i128::from(cents * tenths)).sum::<i128>();
        prop_assert_eq!(total.times(&Decimal::from(1000)), Decimal::from(i64::try_from(wanted).unwrap()));
    }
}
