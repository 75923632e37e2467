//! Orders of an operator, given as commands give them.

use signet::flows::Context;
use signet::flows::admin::{Actor, Ended, Operator, Outcome, PasswordSetter, Person, Purpose, Registrar, SecretSource};
use signet_protocol::account::import_row::{ImportRow, RoleMap};
use signet_protocol::ids::{ClientId, UserId};
use signet_protocol::secret::{ClientSecret, Password};
use signet_store::account::users::Validity;
use signet_store::client::clients::Standing;

use super::{RelyingParty, TestServer};

/// A change of a user's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    Disable,
    Enable,
    SignOut,
}

impl TestServer {
    /// The operator of a command that runs at the time of this context.
    pub fn operator<'a>(&'a self, context: &'a Context) -> Operator<'a> {
        let provider = &self.app.provider;
        Operator::new(&provider.store, context, Actor::Command, provider.lifetimes.skew)
    }

    /// The registrar of this operator, with the server's keys.
    pub fn registrar<'a>(&'a self, operator: &'a Operator<'a>) -> Registrar<'a> {
        let provider = &self.app.provider;
        Registrar { operator, supported: provider.supported(&self.app.realm.id), keys: Some(&provider.keys) }
    }

    /// Adds this user, as the command does.
    pub async fn add_person(&self, person: Person) -> UserId {
        self.operator(&self.context()).people().add(&self.app.provider.sign_ins.passwords, person).await.unwrap()
    }

    /// Imports a person, as the command does.
    pub async fn import(&self, row: serde_json::Value) {
        let context = self.context();
        let operator = self.operator(&context);
        let passwords = &self.app.provider.sign_ins.passwords;
        let row = ImportRow::parse(row.as_object().unwrap().clone(), &RoleMap::default()).unwrap();
        let mut importer = operator.people().importer(passwords, "test", Purpose::Import);
        assert_eq!(importer.import(vec![row]).await.unwrap(), [Outcome::Created]);
    }

    /// Disables, enables or signs out a user, as the command does; the server follows by itself.
    pub async fn change_user(&self, username: &str, change: UserChange) {
        let context = self.context();
        let operator = self.operator(&context);
        match change {
            UserChange::Disable => operator.people().set_standing(username, Standing::Disabled).await.unwrap(),
            UserChange::Enable => operator.people().set_standing(username, Standing::Enabled).await.unwrap(),
            UserChange::SignOut => drop(operator.revocations().sign_out_user(username, None).await.unwrap()),
        }
        self.app.follow().await.unwrap();
    }

    /// Sets a user's password, as the command does.
    pub async fn set_password(&self, username: &str, password: &str) -> Ended {
        self.set_password_until(username, password, Validity::Lasting).await
    }

    /// Sets a user's password for this time, as the command does.
    pub async fn set_password_until(&self, username: &str, password: &str, validity: Validity) -> Ended {
        let provider = &self.app.provider;
        let setter =
            PasswordSetter { passwords: &provider.sign_ins.passwords, soft_locks: &provider.sign_ins.locks, validity };
        let context = self.context();
        let operator = self.operator(&context);
        let password = Password::new(password.to_owned());
        let prepared = operator.people().prepare_password(&setter, username, password).await.unwrap();
        let ended = operator.people().set_password(prepared).await.unwrap();
        self.app.follow().await.unwrap();
        ended
    }

    /// Removes a user, as the command does.
    pub async fn remove_user(&self, named: &str) -> Ended {
        let ended = self.operator(&self.context()).people().remove(named).await.unwrap();
        self.app.follow().await.unwrap();
        ended
    }

    /// Enables or disables a client, as the command does.
    pub async fn set_client_standing(&self, id: &str, standing: Standing) {
        let id = ClientId::parse(id).unwrap();
        self.operator(&self.context()).clients().set_standing(id, standing).await.unwrap();
        self.app.follow().await.unwrap();
    }

    /// Removes a client, as the command does; the server does not follow by itself.
    pub async fn remove_client(&self, id: &str) {
        self.operator(&self.context()).clients().remove(ClientId::parse(id).unwrap()).await.unwrap();
    }

    /// Gives a client this secret or a generated one, as the command does.
    pub async fn rotate_secret(&self, rp: &mut RelyingParty, given: Option<&str>) {
        let source = match given {
            Some(text) => SecretSource::Given(ClientSecret::parse(text).unwrap()),
            None => SecretSource::Generated,
        };
        let context = self.context();
        let operator = self.operator(&context);
        let id = ClientId::parse(&rp.id).unwrap();
        let made = self.registrar(&operator).rotate_secret(id, source).await.unwrap();
        rp.secret = made.map(|secret| secret.expose().to_owned()).or(given.map(str::to_owned));
        self.app.follow().await.unwrap();
    }
}
