//! RFC 7541, Appendix C, and blocks that are none.

use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<String, Malformed> {
    let mut fields = Vec::new();
    let line = |name: &[u8], value: &[u8]| {
        fields.push(format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
    };
    decoder.decode(block, line).map(|()| fields.join("\n"))
}

/// A block in hexadecimal, its fields, and the size of the table after it.
type Row<'a> = (&'a str, &'a str, usize);

/// Decodes blocks one after the other on one connection.
fn check(table_size: usize, rows: &[Row<'_>]) {
    let mut decoder = Decoder::default();
    decoder.table.resize(table_size);
    for (hex, fields, size) in rows {
        assert_eq!(decode(&mut decoder, &bytes(hex)).as_deref(), Ok(*fields), "{hex}");
        assert_eq!(decoder.table.size(), *size, "{hex}");
    }
}

#[test]
fn integers() {
    for (prefix, hex, expected) in [
        (5, "0a", Ok(10)),
        (5, "1f9a0a", Ok(1337)),
        (8, "2a", Ok(42)),
        (5, "1f00", Ok(31)),
        (5, "1f80808000", Ok(31)),
        (5, "1fffffff7f", Ok((1 << 28) - 1 + 31)),
        (5, "1fffffffff00", Err("a number in a header block is too large")),
        (5, "1f8080808000", Err("a number in a header block is too large")),
        (5, "1f80", Err("a header block ends inside of a field")),
        (5, "", Err("a header block ends inside of a field")),
    ] {
        assert_eq!(integer(&mut &*bytes(hex), prefix).map_err(|Malformed(text)| text), expected, "{hex}");
    }
}

/// RFC 7541, C.2.1 to C.2.4.
#[test]
fn single_fields() {
    for (hex, field, size) in [
        ("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header", 55),
        ("040c2f73616d706c652f70617468", ":path: /sample/path", 0),
        ("100870617373776f726406736563726574", "password: secret", 0),
        ("82", ":method: GET", 0),
    ] {
        check(MAX_SIZE, &[(hex, field, size)]);
    }
}

const REQUESTS: [&str; 3] = [
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com",
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache",
    ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value",
];

/// RFC 7541, C.3.
#[test]
fn requests_in_plain() {
    check(
        MAX_SIZE,
        &[
            ("828684410f7777772e6578616d706c652e636f6d", REQUESTS[0], 57),
            ("828684be58086e6f2d6361636865", REQUESTS[1], 110),
            ("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", REQUESTS[2], 164),
        ],
    );
}

/// RFC 7541, C.4.
#[test]
fn requests_in_huffman_code() {
    check(
        MAX_SIZE,
        &[
            ("828684418cf1e3c2e5f23a6ba0ab90f4ff", REQUESTS[0], 57),
            ("828684be5886a8eb10649cbf", REQUESTS[1], 110),
            ("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", REQUESTS[2], 164),
        ],
    );
}

const RESPONSES: [&str; 3] = [
    ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com",
    ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com",
    ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\n\
     content-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
];

/// RFC 7541, C.5: the table is so small that entries leave it.
#[test]
fn responses_in_plain() {
    check(
        256,
        &[
            (
                "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17\
                 68747470733a2f2f7777772e6578616d706c652e636f6d",
                RESPONSES[0],
                222,
            ),
            ("4803333037c1c0bf", RESPONSES[1], 222),
            (
                "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d\
                 4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572\
                 73696f6e3d31",
                RESPONSES[2],
                215,
            ),
        ],
    );
}

/// RFC 7541, C.6.
#[test]
fn responses_in_huffman_code() {
    check(
        256,
        &[
            (
                "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b\
                 97c8e9ae82ae43d3",
                RESPONSES[0],
                222,
            ),
            ("4883640effc1c0bf", RESPONSES[1], 222),
            (
                "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdf\
                 cd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
                RESPONSES[2],
                215,
            ),
        ],
    );
}

#[test]
fn the_table_may_be_made_smaller_and_empty() {
    let entry = "40 01 61 01 62";
    check(
        MAX_SIZE,
        &[
            (entry, "a: b", 34),
            ("3f05 be", "a: b", 34),
            ("20", "", 0),
            (entry, "a: b", 0),
            ("20 3f e1 1f", "", 0),
            (entry, "a: b", 34),
            (entry, "a: b", 68),
        ],
    );
    let mut decoder = Decoder::default();
    decode(&mut decoder, &bytes(entry)).unwrap();
    let large = [&[0x40, 1, b'a', 0x7f, 0xd0, 0x1f][..], &[b'x'; 127 + 4048]].concat();
    decode(&mut decoder, &large).unwrap();
    assert_eq!((decoder.table.size(), decoder.table.len()), (0, 0), "what is larger than the table empties it");
}

#[test]
fn what_is_no_block_is_refused() {
    const CUT: &str = "a header block ends inside of a field";
    const INDEX: &str = "a field's index is beyond the table";
    for (hex, expected) in [
        ("80", INDEX),
        ("be", INDEX),
        ("ffff7f", INDEX),
        ("7f0100", INDEX),
        ("0f30 00", INDEX),
        ("3fe21f", "a table size update is larger than was allowed"),
        ("82 20", "a table size update is not at the beginning of its block"),
        ("ffffffffff7f", "a number in a header block is too large"),
        ("0085", CUT),
        ("40", CUT),
        ("400161", CUT),
        ("40016105626364", CUT),
        ("00ffffffff7f", CUT),
        ("000161 81ff", "a string's Huffman code is malformed"),
        ("0081 1c 00", "a string's Huffman code is malformed"),
    ] {
        assert_eq!(decode(&mut Decoder::default(), &bytes(hex)), Err(Malformed(expected)), "{hex}");
    }
}

proptest! {
    #[test]
    fn no_block_breaks_the_decoder(blocks: Vec<Vec<u8>>) {
        let mut decoder = Decoder::default();
        for block in blocks {
            let _ = decode(&mut decoder, &block);
            prop_assert!(decoder.table.size() <= MAX_SIZE);
        }
    }
}
