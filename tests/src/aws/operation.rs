//! The operations that the stand-in knows, and what may go wrong with one.

use std::time::Duration;

const SECRETS_MANAGER: &str = "secretsmanager";
const ECS: &str = "AmazonEC2ContainerServiceV20141113";

/// An operation of Secrets Manager or ECS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "AWS documents them under these names")]
pub enum Operation {
    GetSecretValue,
    PutSecretValue,
    ListSecretVersionIds,
    DescribeSecret,
    DescribeServices,
    DescribeTaskDefinition,
    UpdateService,
}

impl Operation {
    const ALL: [Self; 7] = [
        Self::GetSecretValue,
        Self::PutSecretValue,
        Self::ListSecretVersionIds,
        Self::DescribeSecret,
        Self::DescribeServices,
        Self::DescribeTaskDefinition,
        Self::UpdateService,
    ];

    /// By its `x-amz-target`.
    pub fn of(target: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.target() == target)
    }

    /// The value of `x-amz-target`.
    pub fn target(self) -> String {
        let prefix = if self.signing_name() == "ecs" {
            ECS
        } else {
            SECRETS_MANAGER
        };
        format!("{prefix}.{self:?}")
    }

    /// The service in a signature's scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::DescribeServices | Self::DescribeTaskDefinition | Self::UpdateService => "ecs",
            _ => SECRETS_MANAGER,
        }
    }

    pub(super) fn namespace(self) -> &'static str {
        match self.signing_name() {
            "ecs" => "com.amazonaws.ecs",
            _ => "com.amazonaws.secretsmanager",
        }
    }
}

/// What goes wrong with one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection closes before anything was done.
    RequestLost,
    /// The deed is done, and the connection closes without an answer.
    AnswerLost,
    /// The deed is done, and the connection breaks in the middle of the answer.
    AnswerCut,
    /// `ThrottlingException`; nothing was done.
    Throttled,
    /// 500 `InternalServiceError`; nothing was done.
    ErrorBefore,
    /// 500 `InternalServiceError`, though the deed is done.
    ErrorAfter,
    /// `AccessDeniedException`; nothing was done.
    AccessDenied,
    /// Any other error; nothing was done.
    Error {
        /// HTTP status.
        status: u16,
        /// The exception's name.
        code: String,
    },
    /// The deed is done at once and answered so much later.
    Slow(Duration),
    /// The deed is done, and 200 comes with a body that is not JSON.
    Garbage,
    /// Right after a `GetSecretValue`, someone else stores this text.
    SecondWriter(String),
}
