//! Who a URL says that a request is from: `http://ann:password@shop.example.com`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use onrush_plan::{Credentials, RequestStep};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::auth::Auth;
use crate::call::Head;
use crate::compile::Compiler;
use crate::mind::Mind;
use crate::script::ScriptError;
use crate::target::Target;
use crate::text::Text;
use crate::trouble::Trouble;

/// For URLs that are known when their holes are filled.
#[derive(Debug)]
pub(crate) struct Login {
    /// Name and password of the target, and where they may go; anywhere, if that stands in the holes.
    given: Option<(Option<Url>, Text, Text)>,
}

impl Login {
    /// What is asked later, and the header where it is known before.
    pub(crate) fn new(
        step: &RequestStep,
        target: &Target,
        compiler: &Compiler<'_>,
    ) -> Result<(Option<Self>, Option<Head>), ScriptError> {
        let given = step.login.as_ref();
        if let Target::Path { .. } = target {
            let given =
                given.map(|(user, password)| Credentials::Basic { user: user.clone(), password: password.clone() });
            return Ok((None, Auth::new(&given.unwrap_or(Credentials::None), compiler)?.1));
        }
        let given = match given {
            Some((user, password)) => {
                Some((step.base.clone(), Text::new(user, compiler)?, Text::new(password, compiler)?))
            }
            None => None,
        };
        Ok((Some(Self { given }), None))
    }

    /// The value of `Authorization` for a URL.
    pub(crate) fn value(&self, url: &Url, mind: &mut Mind) -> Result<Option<String>, Trouble> {
        if let Some(pair) = pair_of(url) {
            return Ok(Some(format!("Basic {}", STANDARD.encode(pair))));
        }
        match &self.given {
            Some((base, user, password)) if base.as_ref().is_none_or(|base| base.origin() == url.origin()) => {
                let pair = format!("{}:{}", user.text(mind)?, password.text(mind)?);
                Ok(Some(format!("Basic {}", STANDARD.encode(pair))))
            }
            _ => Ok(None),
        }
    }
}

/// Name and password of a URL, with a colon between them.
fn pair_of(url: &Url) -> Option<Vec<u8>> {
    let is_given = !url.username().is_empty() || url.password().is_some();
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    is_given.then(|| [decoded(url.username()), decoded(url.password().unwrap_or_default())].join(&b':'))
}

/// The URL as it may be shown.
pub(crate) fn without_login(url: &mut Url) {
    let _ = (url.set_username(""), url.set_password(None));
}
