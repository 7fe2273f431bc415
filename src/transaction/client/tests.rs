use super::*;
use crate::entropy::Entropy;
use crate::time::testing::origin;
use crate::transaction::{TimerBase, Transport};

#[test]
fn responses_to_invite_and_cancel_share_a_branch_and_are_told_apart() {
    let mut clients = clients(8);
    let handle = clients.insert(invite()).unwrap();
    let branch = clients.branch(handle);
    assert_eq!(clients.find(&branch, Method::Invite), Some((handle, Matched::Invite)));
    assert_eq!(clients.find(&branch, Method::Cancel), None, "no CANCEL was sent");
    let Machine::Invite { cancel, .. } = &mut clients.get_mut(handle).unwrap().machine else {
        unreachable!("an INVITE was inserted")
    };
    *cancel = Some(NonInviteClient::start(Transport::Unreliable, TimerBase::default(), origin()));
    assert_eq!(clients.find(&branch, Method::Cancel), Some((handle, Matched::Cancel)));
    assert_eq!(clients.find(&branch, Method::Bye), None);
}

#[test]
fn a_response_to_a_removed_transaction_finds_nobody() {
    let mut clients = clients(8);
    let first = clients.insert(invite()).unwrap();
    let branch = clients.branch(first);
    clients.remove(first);
    let second = clients.insert(invite()).unwrap();
    assert_eq!(first.slot, second.slot);
    assert_eq!(clients.find(&branch, Method::Invite), None);
    assert!(clients.was_ours(&branch));
    assert!(!clients.was_ours(b"z9hG4bK000000000000000000000000ffffffff"));
}

#[test]
fn p28_a_bye_answer_must_name_bye() {
    let mut clients = clients(8);
    let request = NonInviteClient::start(Transport::Unreliable, TimerBase::default(), origin());
    let machine = Machine::NonInvite { method: Method::Bye, request };
    let handle = clients.insert(Client { machine, owner: () }).unwrap();
    let branch = clients.branch(handle);
    assert_eq!(clients.find(&branch, Method::Bye), Some((handle, Matched::NonInvite)));
    assert_eq!(clients.find(&branch, Method::Invite), None);
}

#[test]
fn the_table_is_bounded() {
    let mut clients = clients(2);
    clients.insert(invite()).unwrap();
    clients.insert(invite()).unwrap();
    assert_eq!(clients.insert(invite()).unwrap_err(), Full { limit: 2 });
    assert_eq!(clients.occupancy(), (2, 2));
}

fn clients(limit: usize) -> Clients<()> {
    Clients::new(limit, &mut Entropy::seeded(1).stream())
}

fn invite() -> Client<()> {
    let invite = InviteClient::start(Transport::Unreliable, TimerBase::default(), origin());
    Client { machine: Machine::Invite { invite, cancel: None }, owner: () }
}
