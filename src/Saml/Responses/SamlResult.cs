namespace PRTS.Saml;

/// <summary>What became of a response.</summary>
public abstract record SamlResult
{
    private SamlResult()
    {
    }

    /// <summary>The identity provider says who this is, and it says so to us, now, for the first time.</summary>
    /// <param name="RelayState">What came beside the response in the form. It is not signed: never redirect to it without a check of your own.</param>
    public sealed record Accepted(SamlSignIn SignIn, string? RelayState) : SamlResult;

    /// <summary>Nobody is signed in.</summary>
    /// <param name="Detail">A sentence for the administrator's log: one line, with what was expected and what came. Not for whoever sent the response.</param>
    public sealed record Rejected(SamlRejection Reason, string Detail) : SamlResult;
}

/// <summary>Why a response is rejected.</summary>
public enum SamlRejection
{
    /// <summary>The form has no field SAMLResponse, has it twice, or is no form.</summary>
    Form,
    /// <summary>The form or the document is longer than what is read.</summary>
    TooLarge,
    /// <summary>The field is no base64.</summary>
    Encoding,
    /// <summary>The document is no XML that is read: malformed, not UTF-8, with a document type, too deep.</summary>
    Xml,
    /// <summary>The document is no SAML 2.0 response, or what it is made of stands elsewhere than it must, or more often.</summary>
    Structure,
    /// <summary>Two elements have the same identifier.</summary>
    DuplicateId,
    /// <summary>The identity provider says that it did not sign anybody in.</summary>
    Status,
    /// <summary>None of the configured certificates has a key that is trusted for signatures.</summary>
    NoTrustedKey,
    /// <summary>Neither the response nor the assertion is signed.</summary>
    Unsigned,
    /// <summary>The signature is made with algorithms or transforms that are not accepted, such as SHA-1.</summary>
    SignatureAlgorithm,
    /// <summary>The signature is not one signature of just the element that it stands in.</summary>
    SignatureReference,
    /// <summary>The signature is not that of a configured key over this content.</summary>
    SignatureInvalid,
    /// <summary>The assertion is encrypted in a way that is not accepted, or for nobody here.</summary>
    EncryptionUnsupported,
    /// <summary>The encrypted assertion cannot be decrypted.</summary>
    DecryptionFailed,
    /// <summary>Somebody else issued it.</summary>
    Issuer,
    /// <summary>The response was meant for another address.</summary>
    Destination,
    /// <summary>The assertion was meant for another address.</summary>
    Recipient,
    /// <summary>The assertion is meant for another service.</summary>
    Audience,
    /// <summary>Its time has not come.</summary>
    NotYetValid,
    /// <summary>Its time is over.</summary>
    Expired,
    /// <summary>There is a condition that is not understood, or conditions are missing.</summary>
    Conditions,
    /// <summary>The subject is not confirmed by who bears the assertion.</summary>
    SubjectConfirmation,
    /// <summary>It answers a request that this browser did not make, or none where one was to be answered.</summary>
    InResponseTo,
    /// <summary>The subject has no usable name.</summary>
    NameId,
    /// <summary>There is no statement that the subject authenticated, or an unusable one.</summary>
    AuthnStatement,
    /// <summary>The assertion was used before.</summary>
    Replayed,
}
