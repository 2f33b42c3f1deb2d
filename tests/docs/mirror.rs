//! The Chinese README says what the English one says: as far as a machine can tell, they have the same bones.

use super::page::Page;

/// A link, with what is the same in both: a heading by its place, the other README by its role.
fn bone(page: &Page, link: &str) -> String {
    match link.split_once('#') {
        Some(("", anchor)) => {
            let place = page.anchors().iter().position(|it| it == anchor);
            format!("#{}", place.unwrap_or_else(|| panic!("{}: {link} leads nowhere", page.path)))
        }
        _ if ["README.md", "README.zh-CN.md"].contains(&link) => "the other".to_owned(),
        _ => link.to_owned(),
    }
}

fn levels(page: &Page) -> Vec<usize> {
    page.headings().iter().map(|(level, _)| *level).collect()
}

/// The first of two lists that isn't in its place says where they part.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, english: &[T], chinese: &[T]) {
    for (n, (english, chinese)) in english.iter().zip(chinese).enumerate() {
        assert_eq!(english, chinese, "{what} {n}");
    }
    assert_eq!(english.len(), chinese.len(), "{what}: {english:#?}\n{chinese:#?}");
}

#[test]
fn both_readmes_have_the_same_bones() {
    let (english, chinese) = (Page::read("README.md"), Page::read("README.zh-CN.md"));
    same("heading", &levels(&english), &levels(&chinese));
    let code =
        |page: &Page| page.blocks().iter().map(|it| (it.language.to_owned(), it.code.to_owned())).collect::<Vec<_>>();
    same("block", &code(&english), &code(&chinese));
    same("row", &english.rows(), &chinese.rows());
    let links = |page: &Page| page.links().iter().map(|link| bone(page, link)).collect::<Vec<_>>();
    same("link", &links(&english), &links(&chinese));
    assert_eq!(links(&english)[0], "the other", "each leads to the other at its top");
}
