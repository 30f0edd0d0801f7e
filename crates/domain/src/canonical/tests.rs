#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use super::*;
use crate::json::{Limits, parse};

fn canonical(text: &str) -> String {
    let value = parse(text.as_bytes(), &Limits::default()).unwrap();
    String::from_utf8(to_vec(&value)).unwrap()
}

/// RFC 8785, section 3.2.4: its worked example, without the number that no double holds.
#[test]
fn the_rfcs_example() {
    let source = r#"{
      "numbers": [1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"#;
    let expected = "{\"literals\":[null,true,false],\"numbers\":[1e+30,4.5,0.002,1e-27],\
                    \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(canonical(source), expected);
}

/// RFC 8785, section 3.2.3: the order of its test object.
#[test]
fn keys_sort_by_utf16_code_units() {
    let source = r#"{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let text = canonical(source);
    let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
    let places: Vec<_> = order.iter().map(|name| text.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

/// RFC 8785, appendix B: bit patterns and their renderings.
#[test]
fn doubles_render_as_in_ecmascript() {
    for (bits, text) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        let mut buffer = ryu_js::Buffer::new();
        assert_eq!(buffer.format_finite(f64::from_bits(bits)), text, "{bits:x}");
    }
}

#[test]
fn a_number_stays_one_where_its_double_has_the_same_decimal_value() {
    for (source, expected) in [
        ("1e2", "100"),
        ("100", "100"),
        ("0.1", "0.1"),
        ("1.0", "1"),
        ("-0", "0"),
        ("-0.0e7", "0"),
        ("-1.50", "-1.5"),
        ("1e21", "1e+21"),
        ("123456789012345", "123456789012345"),
        ("9007199254740993", "\"9007199254740993\""),
        ("9007199254740992", "9007199254740992"),
        ("12345678901234567890", "\"12345678901234567890\""),
        ("12345678901234567000", "12345678901234567000"),
        ("0.10000000000000000555", "\"0.10000000000000000555\""),
        ("1E400", "\"1E400\""),
        ("-1e999999999999999999999", "\"-1e999999999999999999999\""),
        ("1e-400", "\"1e-400\""),
        ("0e-400", "0"),
        ("5e-324", "5e-324"),
        ("4.9e-324", "\"4.9e-324\""),
    ] {
        assert_eq!(canonical(source), expected, "{source}");
    }
}

#[test]
fn numbers_that_become_text_are_named() {
    let source = r#"{"b":[1,{"x/y":1E400}],"a":{"~":12345678901234567890,"n":1.0},"t":"1E400"}"#;
    let mut value = parse(source.as_bytes(), &Limits::default()).unwrap();
    let before = to_vec(&value);
    let Value::Object(object) = &mut value else { panic!() };
    assert_eq!(normalise_numbers(object).unwrap(), ["/a/~0", "/b/1/x~1y"]);
    assert_eq!(value.pointer("/a/~0").unwrap().as_str(), Some("12345678901234567890"));
    assert_eq!(to_vec(&value), before);
    let Value::Object(object) = &mut value else { panic!() };
    assert_eq!(normalise_numbers(object).unwrap(), [""; 0]);
}

#[test]
fn strings_are_escaped_no_more_than_they_must() {
    assert_eq!(
        canonical(r#""\u0000\u0008\u0009\n\f\r\u001f\u007f\u2028\/é\ud83d\ude00""#),
        "\"\\u0000\\b\\t\\n\\f\\r\\u001f\u{7f}\u{2028}/é😀\""
    );
}
