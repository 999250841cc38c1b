//! From bytes to a document.

/// The text of a document, without a byte order mark.
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
        format!("standard input is not UTF-8: line {line}, byte {} of the input, cannot be read", at + 1)
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_goes() {
        assert_eq!(text("\u{feff}# A".into()), Ok("# A".to_string()));
    }

    #[test]
    fn what_is_not_utf8_is_located() {
        let message = text(b"one\ntw\xffo".to_vec()).unwrap_err();
        assert_eq!(message, "standard input is not UTF-8: line 2, byte 7 of the input, cannot be read");
    }
}
