//! What an operator is asked to approve.

use keyferry_sdk::{Need, Sink};

use crate::Helm;

#[test]
fn nothing_is_asked_for_but_one_file_and_two_programs() {
    let needs = Helm::describe().needs;
    let mut files = 0;
    for need in &needs {
        match need {
            Need::File(file) => {
                files += 1;
                assert_eq!(file.path, "{values}");
                assert!(file.carries_secret);
            }
            Need::Command(command) => {
                assert!(["helm", "kubectl"].contains(&command.argv[0].as_str()));
                assert!(!command.reason.is_empty(), "{}", command.name);
                let bound = command
                    .argv
                    .iter()
                    .any(|part| part == "--namespace={namespace}");
                assert!(bound || command.name == "chart", "{}", command.name);
            }
            Need::Http(_) => panic!("no request is needed"),
        }
    }
    assert_eq!(files, 1);
    let writing = needs.iter().filter(|need| match need {
        Need::Command(command) => {
            let dry = command
                .argv
                .iter()
                .any(|part| part.starts_with("--dry-run"));
            !dry && ["upgrade", "rollout"].contains(&command.argv[1].as_str())
        }
        _ => false,
    });
    assert_eq!(writing.count(), 3);
}
