//! `trunks`: the names of those that carry the calls of a pool, or bring those to a number.

use super::kind;
use super::load::Trunks;
use super::section::{Placed, Section};

/// Reads `trunks`: indices into [`Config::trunks`](super::Config::trunks), all of them when it is
/// absent.
pub(super) fn read(section: &mut Section<'_>, trunks: &Trunks) -> Vec<u16> {
    let indices = 0_u16..;
    let Some(wanted) = section.list("trunks", &kind::name()) else {
        return indices.take(trunks.names.len()).collect();
    };
    if !section.has_items("trunks") {
        section.refuse("trunks", "empty", "absent, or a list of trunks");
    }
    let mut chosen = Vec::new();
    for Placed { value: name, place } in wanted {
        match indices.clone().zip(&trunks.names).find(|(_, known)| **known == name) {
            Some((index, _)) if chosen.contains(&index) => {
                section.refuse_at(place, &format!("\"{name}\" for the second time"), "named once");
            }
            Some((index, _)) => chosen.push(index),
            None if trunks.is_complete => {
                let accepted = trunks.meant(&name, |name| format!("\"{name}\""));
                section.refuse_at(place, &format!("\"{name}\", an unknown trunk"), &accepted);
            }
            // A profile that cannot be read may have that name.
            None => {}
        }
    }
    chosen
}
