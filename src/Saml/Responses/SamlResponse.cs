using PRTS.Saml.Responses;
using PRTS.Saml.Xml;

namespace PRTS.Saml;

/// <summary>Reads what an identity provider answers (SAML 2.0 Web Browser SSO, HTTP-POST binding).</summary>
public static class SamlResponse
{
    /// <summary>
    /// Checks the response and notes its assertion as used. Whatever the input is, the answer is a result; exceptions come only from <paramref name="replays"/>.
    /// </summary>
    /// <param name="form">The body of the request, of the type application/x-www-form-urlencoded; at most 2 MiB are read.</param>
    public static async ValueTask<SamlResult> Read(ReadOnlyMemory<byte> form, SamlExpectations expectations, ISamlReplayGuard replays, CancellationToken cancellationToken = default)
    {
        var result = Check(form.Span, expectations);
        if (result is not SamlResult.Accepted { SignIn: var signIn }) return result;
        return await replays.TryUse(signIn.Issuer, signIn.AssertionId, signIn.NotOnOrAfter, cancellationToken)
            ? result
            : new SamlResult.Rejected(SamlRejection.Replayed, $"The assertion {Plain.Quote(signIn.AssertionId)} was used before.");
    }

    /// <summary>All checks but that for replay.</summary>
    internal static SamlResult Check(ReadOnlySpan<byte> form, SamlExpectations expectations)
    {
        var read = ResponseForm.Read(form);
        if (read.Rejection is { } formRejection) return formRejection;
        var (bytes, relayState) = read.Value!;
        if (SafeXml.Load(bytes, out var problem) is not { DocumentElement: { } root })
            return new SamlResult.Rejected(bytes.Length > SafeXml.MaximumLength ? SamlRejection.TooLarge : SamlRejection.Xml, $"The response {problem}.");

        var parts = ResponseParts.Find(root);
        if (parts.Rejection is { } structure) return structure;
        var verified = VerifiedResponse.From(parts.Value!, expectations);
        if (verified.Rejection is { } signature) return signature;
        var (response, isSigned, assertion) = verified.Value!;
        if (ResponseEnvelope.Check(response, isSigned, expectations) is { } envelope) return envelope;

        var signIn = new AssertionReader(assertion, response.Attribute("InResponseTo"), expectations).Read();
        return signIn.Rejection is { } rejection ? rejection : new SamlResult.Accepted(signIn.Value!, relayState);
    }
}
