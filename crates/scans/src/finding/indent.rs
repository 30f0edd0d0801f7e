//! JSON laid out as Prowler lays it out: four spaces a level.

use super::minify::string_end;

const LEVEL: &str = "    ";

/// Appends `text`, JSON without white space, as it stands `depth` levels deep; the first line is not
/// indented.
pub fn indented(text: &str, mut depth: usize, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at);
                out.push_str(&text[at..end]);
                at = end;
                continue;
            }
            open @ (b'{' | b'[') => {
                out.push(char::from(open));
                if let Some(close @ (b'}' | b']')) = bytes.get(at + 1) {
                    out.push(char::from(*close));
                    at += 1;
                } else {
                    depth += 1;
                    line(depth, out);
                }
            }
            close @ (b'}' | b']') => {
                depth = depth.saturating_sub(1);
                line(depth, out);
                out.push(char::from(close));
            }
            b',' => {
                out.push(',');
                line(depth, out);
            }
            b':' => out.push_str(": "),
            // Numbers and words are ASCII.
            other => out.push(char::from(other)),
        }
        at += 1;
    }
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str(LEVEL);
    }
}
