using System.Text;
using PRTS.Api.Access;
using PRTS.Saml;
using PRTS.Storage.Access;

namespace PRTS.Web.Access.SignIn;

/// <summary>SAML 2.0: a request by redirect, a response by form (docs/adr/0012-saml.md).</summary>
public sealed class SamlSignInProvider(SignInProvidersStore store, WebOptions options, TimeProvider time)
{
    public string EntityId => options.PublicUrl + "/saml";

    public string ConsumerOf(string tenant, SignInProvider provider) => $"{options.PublicUrl}/login/saml/{provider.Name}/response{SignInTenant.Query(tenant, options)}";

    /// <summary>Ourselves, for the provider's configuration.</summary>
    public string Metadata(string tenant, SignInProvider provider) => SamlMetadata.Write(new() { EntityId = EntityId, AssertionConsumerUrl = ConsumerOf(tenant, provider) });

    /// <summary>What its metadata say; what is wrong with them.</summary>
    public (SamlIdentityProvider? Found, string? Problem) Read(SamlSettings settings) => SamlMetadata.Read(Encoding.UTF8.GetBytes(settings.Metadata), time) switch
    {
        SamlMetadataResult.Found found when found.IdentityProvider.RedirectLocation is null => (null, "The provider takes no requests by redirect."),
        SamlMetadataResult.Found found => (found.IdentityProvider, null),
        SamlMetadataResult.Refused refused => (null, refused.Detail),
        _ => (null, "The metadata cannot be read."),
    };

    /// <summary>Where the browser goes, and the id of the request.</summary>
    /// <exception cref="SignInException"/>
    public (string Address, string Request) Begin(string tenant, SignInProvider provider)
    {
        var known = Known(provider);
        var request = new AuthnRequest { IssuedAt = time.GetUtcNow(), Destination = known.RedirectLocation!, Issuer = EntityId, AssertionConsumerUrl = ConsumerOf(tenant, provider) };
        return (request.RedirectUrl(), request.Id);
    }

    /// <param name="form">The form as it came.</param>
    /// <param name="begun">Null: this browser has asked for nothing.</param>
    /// <exception cref="SignInException"/>
    public async Task<ExternalIdentity> Finish(string tenant, SignInProvider provider, BegunSignIn? begun, ReadOnlyMemory<byte> form, CancellationToken cancellationToken)
    {
        var (known, settings) = (Known(provider), provider.Saml!);
        var result = await SamlResponse.Read(form, new()
        {
            IdentityProvider = known.EntityId,
            Certificates = known.SigningCertificates,
            ServiceProvider = EntityId,
            AssertionConsumerUrl = ConsumerOf(tenant, provider),
            Requests = begun is null ? [] : [begun.Key],
            AllowUnsolicited = settings.AllowUnsolicited,
            Clock = time,
        }, new Used(store, time), cancellationToken);
        if (result is SamlResult.Rejected rejected) throw new SignInException($"{rejected.Reason}: {rejected.Detail}");
        var signIn = ((SamlResult.Accepted)result).SignIn;
        var email = First(signIn, settings.EmailAttribute);
        return new(
            $"{known.EntityId}\n{signIn.NameId.Format}\n{signIn.NameId.NameQualifier}\n{signIn.NameId.Value}",
            First(signIn, settings.NameAttribute) ?? (settings.NameAttribute.Length == 0 ? signIn.NameId.Value : email) ?? signIn.NameId.Value,
            First(signIn, "displayName") ?? First(signIn, "urn:oid:2.16.840.1.113730.3.1.241") ?? "",
            email,
            [.. signIn.Values(settings.GroupsAttribute)]);
    }

    /// <summary>What was found.</summary>
    /// <exception cref="SignInException"/>
    public string Test(SignInProvider provider)
    {
        var known = Known(provider);
        return $"{known.EntityId}: {known.SigningCertificates.Count} certificates; people are sent to {known.RedirectLocation}. Nobody asks it before the first sign-in.";
    }

    private SamlIdentityProvider Known(SignInProvider provider) => Read(provider.Saml!) switch
    {
        ({ } found, _) => found,
        (_, var problem) => throw new SignInException(problem!),
    };

    private static string? First(SamlSignIn signIn, string attribute) => attribute.Length == 0 ? null : signIn.Values(attribute).FirstOrDefault(value => value.Length is > 0 and <= 500);

    private sealed class Used(SignInProvidersStore store, TimeProvider time) : ISamlReplayGuard
    {
        public async ValueTask<bool> TryUse(string issuer, string assertionId, DateTimeOffset until, CancellationToken cancellationToken) =>
            await store.UseAssertion(issuer, assertionId, until, time.GetUtcNow(), cancellationToken);
    }
}
