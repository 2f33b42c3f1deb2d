//! Texts that somebody could put into any field, to break a page that isn't careful.

/// Each, shortest first. All hold `hostile`, by which a test finds them again.
pub fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        r#"hostile <img src=x onerror="alert('img')">"#,
        "hostile </script><script>alert('script')</script>",
        "hostile </textarea></title></style></template><svg/onload=alert('svg')>",
        r#"hostile "><a href="javascript:alert('link')">x</a>' autofocus onfocus='alert(1)"#,
        "hostile \u{202e}gnp.exe\u{202c} \u{2067}שלום\u{2069} \u{200f}\u{200e}\u{feff}",
        "hostile <lora:add_detail:0.7> (masterpiece:1.2), [from:to:0.5], {a|b}, \\(paren\\)",
        "hostile {{ 7*7 }} ${7*7} {% raw %} &amp;lt;b&gt; &#x3c;i&#x3e; %3Cscript%3E",
        "hostile 这是一个很长的中文提示词，没有任何空格，用来检查换行是否正确🧿👩‍👩‍👧‍👦e\u{301}",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("hostile {}", "unbroken".repeat(60)));
    texts.push(format!("hostile {}", "a prompt of a hundred kilobytes, <b>bold</b>, ".repeat(2_200)));
    texts
}

/// As much of it as a name may hold.
pub fn name(text: &str) -> String {
    text.chars().take(240).collect()
}
