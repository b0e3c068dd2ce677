//! The one way to a cluster: kubectl, which only gets. It goes where the service's `namespace` and `kube_context` say, and with
//! the environment of probes and runbooks: what is looked at is what is acted on.

use crate::{
    domain::{
        binding::{self, service_value},
        runbook::VariableKind,
        service::Service,
    },
    monitor::investigate::{asking, scene::Means},
};
use serde_json::Value as Json;

/// Bytes of one answer.
const ANSWER_MOST: usize = 4 << 20;

/// Asks the cluster of one service.
pub struct Kubectl<'a> {
    means: &'a Means,
    place: Vec<String>,
}

impl<'a> Kubectl<'a> {
    /// For a service.
    ///
    /// # Errors
    /// kubectl may not be asked, or the service says where in a way that a runbook would not take.
    pub fn of(service: &Service, means: &'a Means) -> Result<Self, String> {
        if !means.may("kubectl") {
            return Err("kubectl may not be asked".into());
        }
        let mut place = Vec::new();
        for (variable, flag) in [("namespace", "--namespace"), ("kube_context", "--context")] {
            let Some(value) = service_value(service, variable) else { continue };
            if !value.is_empty() && !binding::suits(VariableKind::Name, value) {
                let form = binding::form(VariableKind::Name);
                return Err(format!("the cluster is not asked: {variable} is not {form}"));
            }
            place.push(format!("{flag}={value}"));
        }
        Ok(Self { means, place })
    }

    /// The arguments of one question.
    fn argv(&self, what: &[String]) -> Vec<String> {
        let mut argv: Vec<String> = ["kubectl", "get"].map(str::to_owned).to_vec();
        argv.extend_from_slice(what);
        argv.extend(["--output=json".to_owned()]);
        argv.extend_from_slice(&self.place);
        argv.push(format!("--request-timeout={}s", (self.means.far.0 / 1_000).max(1)));
        argv
    }

    /// What is there; `None` where nothing of that name is.
    ///
    /// # Errors
    /// Why it could not be asked, in words.
    pub async fn get(&self, what: &[String]) -> Result<Option<Json>, String> {
        let answer = asking::ask(self.argv(what), self.means, (self.means.far, ANSWER_MOST)).await?;
        if answer.code != Some(0) {
            return Err(format!("the cluster could not be asked for {}: {}", what[0], answer.why()));
        }
        if answer.out.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let read = serde_json::from_slice(&answer.out);
        read.map(Some).map_err(|_| format!("what the cluster says of {} cannot be read", what[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_that_is_asked_is_the_one_that_runbooks_act_on() {
        let mut service = Service::default();
        let means = Means::host();
        let pods = ["pods".to_owned()];
        let place = |service: &Service| {
            Kubectl::of(service, &means).map(|kubectl| kubectl.argv(&pods)[4..].join(" "))
        };
        assert_eq!(place(&service).unwrap(), "--context= --request-timeout=5s", "the current one");
        service.variables.insert("namespace".into(), "shop".into());
        service.variables.insert("kube_context".into(), "b".into());
        assert_eq!(place(&service).unwrap(), "--namespace=shop --context=b --request-timeout=5s");
        service.variables.insert("kube_context".into(), "a/b c".into());
        assert!(place(&service).unwrap_err().contains("kube_context"), "a runbook would refuse it as well");
        assert!(Kubectl::of(&service, &Means { programs: Vec::new(), ..Means::host() }).is_err());
    }

    #[tokio::test]
    async fn kubectl_is_asked_with_the_environment_of_probes_and_runbooks() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("kubectl");
        std::fs::write(&program, "#!/bin/sh\nprintf '\"%s\"' \"$KUBECONFIG\"\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let env = [
            ("KUBECONFIG".to_owned(), "/etc/clusters/b".to_owned()),
            ("PATH".to_owned(), format!("{}:/usr/bin:/bin", dir.path().display())),
        ];
        let means = Means::host().with(&env);
        let kubectl = Kubectl::of(&Service::default(), &means).unwrap();
        let said = kubectl.get(&["pods".to_owned()]).await;
        assert_eq!(said, Ok(Some(Json::String("/etc/clusters/b".into()))));
    }
}
