//! Vendors that say who somebody is, by OAuth's device flow (RFC 8628): the person types a code on the vendor's own page, and
//! no password or secret of theirs comes by here. What the vendor gives is used once, to ask who it is, and forgotten.

use crate::{
    config::{
        environment::Environment,
        places::expand_home,
        settings::{Settings, is_loopback},
    },
    domain::text::clean_line,
    providers::http::{HttpOptions, ProxyUse, client},
    server::problem::{Problem, Sort},
};
use reqwest::{Client, RequestBuilder, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long a vendor may take.
const ANSWER_MOST: Duration = Duration::from_secs(15);
/// Bytes of an answer.
const BYTES_MOST: usize = 64 * 1024;
/// The grant that is asked for.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Who says who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LoginVendor")]
pub(in crate::server) enum Vendor {
    /// By their login there.
    Github,
    /// By their mail address, if it is verified.
    Google,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Github, Self::Google];

    /// As people are named.
    pub fn word(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Google => "google",
        }
    }

    /// Who this program is to the vendor; none: nobody can log in by it.
    fn id(self, environment: &Environment) -> Option<&str> {
        environment.get(match self {
            Self::Github => "CHIMERA_GITHUB_CLIENT_ID",
            Self::Google => "CHIMERA_GOOGLE_CLIENT_ID",
        })
    }

    /// Whether somebody can log in by it.
    pub fn known(self, environment: &Environment) -> bool {
        self.id(environment).is_some()
    }
}

/// What the person must do, and what asks whether it is done.
#[derive(Deserialize)]
pub(in crate::server) struct Begun {
    /// For the vendor alone.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Where.
    #[serde(alias = "verification_url")]
    pub verification_uri: String,
    /// Seconds until it is over.
    pub expires_in: u64,
    /// Seconds between two questions.
    #[serde(default = "usual_interval")]
    pub interval: u64,
}

/// What comes of asking for a code.
#[derive(Deserialize)]
#[serde(untagged)]
enum Beginning {
    Begun(Begun),
    Refused { error: String },
}

fn usual_interval() -> u64 {
    5
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) enum Came {
    /// Not yet.
    Waiting,
    /// Not yet, and it was asked too often.
    Slower,
    /// It is this person, as the vendor calls them.
    Person(String),
    /// The person said no, or it took too long: in the vendor's word.
    Over(String),
}

#[derive(Deserialize)]
struct Granted {
    access_token: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct GithubUser {
    login: String,
}

#[derive(Deserialize)]
struct GoogleUser {
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
}

/// A line to one vendor.
#[derive(Debug, Clone)]
pub(in crate::server) struct Line {
    vendor: Vendor,
    http: Client,
    id: String,
    secret: Option<String>,
    base: String,
    api: String,
}

impl Line {
    /// To this vendor. Reads certificates: not for a thread that others wait for.
    ///
    /// # Errors
    /// It is not set up here.
    pub fn to(vendor: Vendor, settings: &Settings, environment: &Environment) -> Result<Self, Problem> {
        let id = vendor.id(environment).ok_or_else(|| {
            let detail = format!("nobody can log in here by {}", vendor.word());
            Problem::new(Sort::Unfit, detail, "GET /api/login lists the vendors that are set up")
        })?;
        let server = &settings.server;
        let (base, api, secret) = match vendor {
            Vendor::Github => (&server.github, &server.github_api, None),
            Vendor::Google => {
                (&server.google, &server.google_api, environment.get("CHIMERA_GOOGLE_CLIENT_SECRET"))
            }
        };
        let here = is_loopback(base) && is_loopback(api);
        let ca_files = settings.reach.ca_file.iter().map(|file| expand_home(file, environment)).collect();
        let proxy = if here { ProxyUse::Never } else { ProxyUse::Environment };
        let http = client(&HttpOptions { ca_files, proxy })
            .map_err(|error| unreached(vendor, &error.to_string()))?;
        let bare = |url: &str| url.trim_end_matches('/').to_owned();
        Ok(Self {
            vendor,
            http,
            id: id.to_owned(),
            secret: secret.map(str::to_owned),
            base: bare(base),
            api: bare(api),
        })
    }

    /// Asks for a code.
    pub async fn begin(&self) -> Result<Begun, Problem> {
        let (path, scope) = match self.vendor {
            Vendor::Github => ("/login/device/code", "read:user"),
            Vendor::Google => ("/device/code", "openid email"),
        };
        match self.form(path, &[("client_id", &self.id), ("scope", scope)]).await? {
            (_, Beginning::Begun(begun)) => Ok(begun),
            (_, Beginning::Refused { error }) => {
                let detail = format!("{} says no: {}", self.vendor.word(), clean_line(&error, 80));
                Err(Problem::new(
                    Sort::Unfit,
                    detail,
                    "set the app up there for the device flow: docs/network.md",
                ))
            }
        }
    }

    /// Asks what came of it.
    pub async fn ask(&self, device_code: &str) -> Result<Came, Problem> {
        let path = match self.vendor {
            Vendor::Github => "/login/oauth/access_token",
            Vendor::Google => "/token",
        };
        let mut form =
            vec![("client_id", self.id.as_str()), ("device_code", device_code), ("grant_type", GRANT)];
        form.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        let (status, granted): (_, Granted) = self.form(path, &form).await?;
        match (granted.access_token, granted.error.as_deref()) {
            (Some(token), None) if status.is_success() => self.who(&token).await,
            (_, Some("authorization_pending")) => Ok(Came::Waiting),
            (_, Some("slow_down")) => Ok(Came::Slower),
            (_, word) => Ok(Came::Over(clean_line(word.unwrap_or("no word"), 80).to_string())),
        }
    }

    async fn who(&self, token: &str) -> Result<Came, Problem> {
        let path = match self.vendor {
            Vendor::Github => "/user",
            Vendor::Google => "/v1/userinfo",
        };
        let request = self.http.get(format!("{}{path}", self.api)).bearer_auth(token);
        let name = match self.vendor {
            Vendor::Github => Some(self.said::<GithubUser>(request).await?.login),
            Vendor::Google => {
                let user: GoogleUser = self.said(request).await?;
                user.email.filter(|_| user.email_verified)
            }
        };
        Ok(match name.filter(|name| !name.trim().is_empty()) {
            Some(name) => Came::Person(format!("{}:{}", self.vendor.word(), name.trim().to_lowercase())),
            None => Came::Over("no verified address".to_owned()),
        })
    }

    async fn form<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<(StatusCode, T), Problem> {
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
        let request = self.http.post(format!("{}{path}", self.base)).body(fields.join("&"));
        self.read(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    /// What the vendor says where nothing is wrong; what it says otherwise is believed by nobody.
    async fn said<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Problem> {
        match self.read(request).await? {
            (status, said) if status.is_success() => Ok(said),
            (status, _) => Err(unreached(self.vendor, &format!("it answered {status}"))),
        }
    }

    /// An answer of the vendor's. What it refuses is JSON, too; of anything else nothing is repeated, and of what it could not
    /// do nothing is read.
    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<(StatusCode, T), Problem> {
        let lost = |why: &str| unreached(self.vendor, why);
        let asked = async {
            let mut response = request.header("accept", "application/json").send().await?;
            let mut bytes = Vec::new();
            while let Some(piece) = response.chunk().await? {
                bytes.extend_from_slice(&piece);
                if bytes.len() > BYTES_MOST {
                    break;
                }
            }
            Ok::<_, reqwest::Error>((response.status(), bytes))
        };
        let (status, bytes) = match tokio::time::timeout(ANSWER_MOST, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(lost(&error.without_url().to_string())),
            Err(_) => return Err(lost("it did not answer in time")),
        };
        if status.is_server_error() {
            return Err(lost(&format!("it answered {status}")));
        }
        let said = serde_json::from_slice(&bytes);
        said.map(|said| (status, said)).map_err(|_| lost(&format!("its answer ({status}) is not understood")))
    }
}

fn unreached(vendor: Vendor, why: &str) -> Problem {
    let detail = format!("{} could not be asked: {}", vendor.word(), clean_line(why, 300));
    Problem::new(Sort::Unavailable, detail, "try again; [server] says where its logins are")
}

/// As a value of a form.
fn escaped(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
