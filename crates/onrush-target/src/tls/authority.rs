//! Certificates made on the spot by rcgen: an authority, and what it signs.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{CertificateFlaw, Identity};

/// A certificate authority that lives as long as the run.
pub(super) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key.
pub(super) struct Leaf {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    pub(super) fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = named(Vec::new(), name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    pub(super) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(super) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// A certificate for the service, flawed as asked.
    pub(super) fn server(&self, flaw: Option<CertificateFlaw>) -> Result<Leaf, rcgen::Error> {
        let hosts: &[&str] = match flaw {
            Some(CertificateFlaw::WrongHost) => &["elsewhere.example.com"],
            _ => &["localhost", "127.0.0.1", "::1"],
        };
        let mut params = named(hosts.iter().map(|host| (*host).to_owned()).collect(), "Onrush test service")?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if flaw == Some(CertificateFlaw::Expired) {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let key = KeyPair::generate()?;
        let certificate = match flaw {
            Some(CertificateFlaw::SelfSigned) => params.self_signed(&key)?,
            _ => params.signed_by(&key, &self.issuer)?,
        };
        Ok(Leaf { certificate, key })
    }

    /// A certificate for a client.
    pub(super) fn client(&self) -> Result<Leaf, rcgen::Error> {
        let mut params = named(vec!["client.example.com".to_owned()], "Onrush test client")?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Leaf { certificate, key })
    }
}

impl Leaf {
    pub(super) fn identity(&self) -> Identity {
        Identity { certificate_pem: self.certificate.pem(), key_pem: self.key.serialize_pem() }
    }

    pub(super) fn into_der(self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        (vec![self.certificate.der().clone()], key.into())
    }
}

fn named(hosts: Vec<String>, name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
