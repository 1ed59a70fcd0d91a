//! One comment, whatever the server does.

use perfgate::forge::policy::Problem;
use perfgate::forge::sticky::Done;

use super::server::{Fault, Server};
use super::{Virtual, body, say, say_if};

const ME: &str = "github-actions[bot]";
const COMMENTS: &str = "/issues/7/comments";

fn done(server: &Server, run: u64, text: &str) -> Done {
    say(server, &Virtual::default(), run, text).unwrap().done
}

#[test]
fn the_first_run_writes_a_comment_and_the_next_brings_it_up_to_date() {
    let server = Server::start();
    let posted = say(&server, &Virtual::default(), 1, "slower").unwrap();
    assert_eq!((posted.done, posted.url.unwrap().contains("issuecomment-101")), (Done::Created, true));
    assert_eq!(server.bodies(), [body(1, "slower")]);
    assert!(body(1, "slower").starts_with(
        "<!-- perfgate:v1 key=default -->\n<!-- perfgate:meta {\"run\":1,\"attempt\":1,\"sha\":\"abc\"} -->\nslower"
    ));
    assert_eq!(done(&server, 2, "faster"), Done::Updated);
    assert_eq!(server.bodies(), [body(2, "faster")]);
}

#[test]
fn nothing_is_written_where_nothing_changed() {
    let server = Server::start();
    done(&server, 1, "same");
    let before = server.writes();
    assert_eq!(done(&server, 1, "same"), Done::Unchanged);
    // Browsers write other line ends.
    let stored = body(1, "same").replace('\n', "\r\n");
    server.world().comments[0]["body"] = stored.into();
    assert_eq!(done(&server, 1, "same"), Done::Unchanged);
    assert_eq!(server.writes(), before);
}

#[test]
fn every_page_is_read() {
    let server = Server::start();
    for _ in 0..250 {
        server.world().comment("somebody", "me too");
    }
    server.world().comment(ME, &body(1, "old"));
    assert_eq!(done(&server, 2, "new"), Done::Updated);
    let pages = server.world().seen.iter().filter(|seen| seen.whole.contains("page=3")).count();
    assert_eq!((server.bodies().len(), pages, server.count(&["POST"])), (251, 1, 0));
}

#[test]
fn what_others_wrote_is_left_alone() {
    let server = Server::start();
    // The marker of somebody else, of an account that is gone, in the middle, of another key, of the other program.
    for (author, text) in [
        ("mallory", body(9, "mine now")),
        ("", body(9, "mine now")),
        (ME, format!("> {}", body(9, "quoted"))),
        (ME, format!("hello\n{}", body(9, "below"))),
        (ME, body(9, "x").replace("key=default", "key=default2")),
        (ME, "<!-- perfgate -->\nanother program".to_owned()),
        (ME, String::new()),
    ] {
        server.world().comment(author, &text);
    }
    server.world().comments[6]["body"] = serde_json::Value::Null;
    let before = server.bodies();
    assert_eq!(done(&server, 1, "ours"), Done::Created);
    assert_eq!(server.bodies()[..7], before);
    assert_eq!(done(&server, 2, "ours"), Done::Updated);
    assert_eq!((server.bodies()[..7] == before, server.bodies().len()), (true, 8));
}

#[test]
fn an_older_run_never_replaces_what_a_newer_one_said() {
    let server = Server::start();
    done(&server, 5, "newer");
    let before = server.writes();
    assert_eq!(done(&server, 4, "older"), Done::LeftToNewer);
    assert_eq!((server.bodies(), server.writes()), (vec![body(5, "newer")], before));
    let attempt = |attempt| say_if(&server, &Virtual::default(), (5, attempt), "again", true).unwrap().done;
    assert_eq!(attempt(2), Done::Updated);
    assert_eq!(attempt(1), Done::LeftToNewer);
    // Outside of CI there is no number, and whoever posts by hand wants to see it.
    assert_eq!(done(&server, 0, "by hand"), Done::Updated);
}

#[test]
fn of_several_own_comments_the_oldest_stays() {
    let server = Server::start();
    let first = server.world().comment(ME, &body(1, "a"));
    server.world().comment("somebody", "hm");
    server.world().comment(ME, &body(2, "b"));
    assert_eq!(done(&server, 3, "c"), Done::Updated);
    assert_eq!(server.bodies(), [body(3, "c"), "hm".to_owned()]);
    assert_eq!(server.world().comments[0]["id"], first);
    assert_eq!((server.count(&["PATCH"]), server.count(&["DELETE"])), (1, 1));
}

#[test]
fn nothing_is_created_where_none_is_wanted() {
    let server = Server::start();
    assert_eq!(say_if(&server, &Virtual::default(), (1, 1), "fine", false).unwrap().done, Done::NotWanted);
    assert_eq!(server.writes(), 0);
    done(&server, 2, "slower");
    assert_eq!(say_if(&server, &Virtual::default(), (3, 1), "recovered", false).unwrap().done, Done::Updated);
    assert_eq!((server.bodies(), server.count(&["DELETE"])), (vec![body(3, "recovered")], 0));
}

#[test]
fn a_post_whose_end_is_unclear_is_looked_for_before_it_is_sent_again() {
    for (faults, posts) in [
        (vec![Fault::DoneBut(502)], 1),
        (vec![Fault::DoneBut(500)], 1),
        (vec![Fault::DoneAndGone], 1),
        (vec![Fault::Says(502, vec![], "<html>".to_owned())], 2),
        (vec![Fault::Gone], 2),
        (vec![Fault::Gone, Fault::DoneBut(503)], 2),
        (vec![Fault::Gone, Fault::Gone, Fault::Gone], 4),
        (vec![Fault::Gone, Fault::Gone, Fault::Gone, Fault::DoneAndGone], 4),
    ] {
        let server = Server::start();
        server.world().fault_on(&format!("POST /repos/o/r{COMMENTS}"), faults.clone());
        let told = done(&server, 1, "once");
        assert!(matches!(told, Done::Created), "{faults:?}: {told:?}");
        assert_eq!((server.bodies(), server.count(&["POST"])), (vec![body(1, "once")], posts), "{faults:?}");
    }
    let server = Server::start();
    server.world().fault_on(&format!("POST /repos/o/r{COMMENTS}"), vec![Fault::Gone; 9]);
    assert!(matches!(say(&server, &Virtual::default(), 1, "x"), Err(Problem::Unclear(_))));
    assert_eq!((server.count(&["POST"]), server.bodies().len()), (4, 0));
}

#[test]
fn changes_are_sent_again_until_they_are_done() {
    for fault in [Fault::DoneBut(502), Fault::DoneAndGone, Fault::Gone, Fault::Says(503, vec![], String::new())] {
        let server = Server::start();
        server.world().comment(ME, &body(1, "a"));
        server.world().comment(ME, &body(1, "b"));
        server.world().fault_on("PATCH /repos/o/r/issues/comments/101", [fault.clone()]);
        server.world().fault_on("DELETE /repos/o/r/issues/comments/102", [fault.clone()]);
        assert_eq!(done(&server, 2, "new"), Done::Updated, "{fault:?}");
        assert_eq!(server.bodies(), [body(2, "new")], "{fault:?}");
    }
}

#[test]
fn two_runs_that_write_at_once_leave_one_comment() {
    // The other one was first.
    for (other, ours, left) in [(1, 2, body(2, "ours")), (3, 2, body(3, "theirs"))] {
        let server = Server::start();
        let theirs = body(other, "theirs");
        server.world().before("POST /repos/o/r/issues/7/comments", 1, move |world| {
            world.comment(ME, &theirs);
        });
        let told = done(&server, ours, "ours");
        assert_eq!(told, if other > ours { Done::LeftToNewer } else { Done::Updated });
        assert_eq!(server.bodies(), [left]);
    }
    // Ours was first: the other run takes its own away when it looks.
    let server = Server::start();
    server.world().before("GET /repos/o/r/issues/7/comments", 2, |world| {
        world.comment(ME, &body(3, "theirs"));
    });
    assert_eq!(done(&server, 2, "ours"), Done::Created);
    assert_eq!(server.bodies(), [body(2, "ours"), body(3, "theirs")]);
    assert_eq!(done(&server, 3, "theirs"), Done::Updated);
    assert_eq!(server.bodies(), [body(3, "theirs")]);
}

#[test]
fn a_comment_that_shows_late_is_not_left_twice() {
    let server = Server::start();
    server.world().fault_on("POST /repos/o/r/issues/7/comments", [Fault::DoneBut(502)]);
    // The list that is looked at first lags behind, the next does not.
    server.world().before("GET /repos/o/r/issues/7/comments", 2, |world| {
        let hidden = std::mem::take(&mut world.comments);
        world.before("POST /repos/o/r/issues/7/comments", 1, move |world| world.comments.extend(hidden));
    });
    done(&server, 1, "once");
    assert_eq!((server.bodies(), server.count(&["POST"])), (vec![body(1, "once")], 2));
}

#[test]
fn a_comment_that_is_deleted_meanwhile_is_written_anew() {
    let server = Server::start();
    server.world().comment(ME, &body(1, "a"));
    server.world().before("PATCH /repos/o/r/issues/comments/101", 1, |world| world.comments.clear());
    assert_eq!(done(&server, 2, "b"), Done::Created);
    assert_eq!(server.bodies(), [body(2, "b")]);
}

#[test]
fn whose_token_it_is_the_first_comment_tells_where_nothing_else_does() {
    let server = Server::start();
    server.world().has_graphql = false;
    server.world().me = "our-app[bot]".to_owned();
    for run in 1..4 {
        say(&server, &Virtual::default(), run, "hello").unwrap();
        assert_eq!(server.bodies(), [body(run, "hello")]);
    }
    // The workflow's own token needs no such detour.
    let server = Server::start();
    server.world().has_graphql = false;
    assert_eq!((done(&server, 1, "a"), done(&server, 2, "b")), (Done::Created, Done::Updated));
}

#[test]
fn whatever_goes_wrong_there_is_never_more_than_one_comment() {
    for seed in 0..30 {
        let mut random = fastrand::Rng::with_seed(seed);
        let server = Server::start();
        let mut last = None;
        for run in 1..4 {
            for request in [
                "GET /repos/o/r/issues/7/comments",
                "POST /repos/o/r/issues/7/comments",
                "PATCH /repos/o/r/issues/comments/101",
            ] {
                let fault = |random: &mut fastrand::Rng| match random.u8(..8) {
                    0 => Fault::Says(502, vec![], "<html>".to_owned()),
                    1 => Fault::DoneBut(502),
                    2 => Fault::DoneAndGone,
                    3 => Fault::Gone,
                    4 => Fault::Says(403, vec![("retry-after", "1".to_owned())], "{}".to_owned()),
                    _ => Fault::Nothing,
                };
                let faults: Vec<Fault> = (0..random.usize(..6)).map(|_| fault(&mut random)).collect();
                server.world().fault_on(request, faults);
            }
            let told = say(&server, &Virtual::default(), run, "text");
            if let Ok(told) = told {
                assert_ne!(told.done, Done::NotWanted);
                last = Some(run);
            }
            let bodies = server.bodies();
            assert!(bodies.len() <= 1, "seed {seed}, run {run}: {bodies:?}");
            if last == Some(run) {
                assert_eq!(bodies, [body(run, "text")], "seed {seed}");
            }
        }
    }
}
