//! The mock's side of [`Host`]: each call is held against the needs first, then answered from what
//! the test laid out, and the answer is sealed.

use super::{Mock, Sent, allow, seal, template};
use crate::{
    Access, CommandNeed, Document, Failure, FileNeed, Host, Level, Need, Obstacle, Output, Request,
    Response, Unanswered,
};

impl Mock {
    fn file_need(&self, name: &str) -> Result<&FileNeed, Failure> {
        let found = self.needs.iter().find_map(|need| match need {
            Need::File(need) if need.name == name => Some(need),
            _ => None,
        });
        let need = found.ok_or_else(|| {
            Failure::rejected(format!("no need of the manifest is a file {name}"))
        })?;
        match template::fill(&need.path, &self.names) {
            Some(_) => Ok(need),
            None => Err(Failure::rejected(format!(
                "the path of the file {name} names an absent setting"
            ))),
        }
    }

    fn command_need(&self, name: &str) -> Result<&CommandNeed, Failure> {
        let found = self.needs.iter().find_map(|need| match need {
            Need::Command(need) if need.name == name => Some(need),
            _ => None,
        });
        found.ok_or_else(|| {
            Failure::rejected(format!("no need of the manifest is a command {name}"))
        })
    }

    fn sealed(&self, text: &str, seals: &[String]) -> String {
        let mut vault = self.vault.borrow_mut();
        let text = seal::fields(text, seals, &mut vault);
        vault.seal_known(&text)
    }
}

impl Host for Mock {
    fn send(&self, request: Request) -> Result<Response, Unanswered> {
        let need = allow::request(&self.needs, &request, &self.names, &self.vault.borrow())
            .map_err(|message| Unanswered {
                why: Obstacle::NotApproved,
                message,
                maybe_sent: false,
            })?;
        let sent = Sent {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: self
                .vault
                .borrow()
                .unseal(&String::from_utf8_lossy(&request.body)),
        };
        self.sent.borrow_mut().push(sent.clone());
        let reply = self
            .rules
            .borrow_mut()
            .iter_mut()
            .find_map(|rule| rule.answer(&sent));
        let Some(reply) = reply else {
            panic!(
                "the test lays out no answer to {} {} with {}",
                sent.method, sent.url, sent.body
            )
        };
        let reply = reply?;
        let headers = reply
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), self.sealed(&value, &[])));
        Ok(Response {
            status: reply.status,
            headers: headers.collect(),
            body: self.sealed(&reply.body, &need.seals).into_bytes(),
        })
    }

    fn read(&self, name: &str) -> Result<Document, Failure> {
        let need = self.file_need(name)?;
        let files = self.files.borrow();
        let (contents, revision) = files
            .get(name)
            .ok_or_else(|| Failure::missing(format!("there is no file {name}")))?;
        let contents = self.sealed(contents, &need.seals).into_bytes();
        Ok(Document {
            contents,
            revision: revision.to_string(),
        })
    }

    fn replace(&self, name: &str, contents: &[u8], revision: &str) -> Result<String, Failure> {
        let need = self.file_need(name)?;
        if need.access != Access::Replace {
            return Err(Failure::rejected(format!(
                "the file {name} may only be read"
            )));
        }
        let contents = String::from_utf8_lossy(contents);
        if self.vault.borrow().has_token(&contents) && !need.carries_secret {
            return Err(Failure::rejected(format!(
                "a token, but the file {name} carries no secret"
            )));
        }
        if self.vault.borrow().has_encoded_token(&contents) {
            return Err(Failure::rejected(allow::ENCODED));
        }
        let mut files = self.files.borrow_mut();
        let (stored, current) = files
            .get_mut(name)
            .ok_or_else(|| Failure::missing(format!("there is no file {name}")))?;
        if current.to_string() != revision {
            return Err(Failure::conflict(format!(
                "the file {name} was changed since it was read"
            )));
        }
        *stored = self.vault.borrow().unseal(&contents);
        *current += 1;
        Ok(current.to_string())
    }

    fn run(&self, name: &str) -> Result<Output, Failure> {
        let need = self.command_need(name)?;
        let argv = need
            .argv
            .iter()
            .filter_map(|part| template::fill(part, &self.names))
            .collect();
        self.runs.borrow_mut().push(argv);
        let mut outputs = self.outputs.borrow_mut();
        let output = match outputs.get_mut(name).map(Vec::as_mut_slice) {
            None | Some([]) => panic!("the test lays out no output of the command {name}"),
            Some([last]) => last.clone(),
            Some(_) => outputs.get_mut(name).expect("just found").remove(0),
        };
        Ok(Output {
            status: output.status,
            stdout: self.sealed(&output.stdout, &need.seals),
            stderr: self.sealed(&output.stderr, &[]),
        })
    }

    fn log(&self, level: Level, message: &str) {
        self.lines.borrow_mut().push((level, message.to_owned()));
    }
}
