using Microsoft.Extensions.Logging;
using PRTS.Api.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access.SignIn;

/// <summary>What the directories of a tenant say to a name and a password.</summary>
/// <param name="User">Whose they are; null: no directory says so.</param>
/// <param name="Provider">The directory that says so.</param>
/// <param name="Problem">Why nobody gets in although the password is right, for administrators.</param>
/// <param name="Silent">A directory did not answer, so it may be right all the same.</param>
public sealed record DirectoryAnswer(StoredUser? User, string? Provider = null, string? Problem = null, bool Silent = false);

/// <summary>Asks the LDAP directories of a tenant, one after another by their names, until one knows the person and the password.</summary>
public sealed partial class DirectoryLogin(SignInProvidersStore providers, LdapSignIn ldap, ExternalAccounts accounts, ILogger<DirectoryLogin> log)
{
    public async Task<DirectoryAnswer> Check(string tenant, string name, string password, CancellationToken cancellationToken)
    {
        var silent = false;
        foreach (var provider in (await providers.List(tenant, cancellationToken)).Where(known => known is { Enabled: true, Kind: SignInKind.Ldap }))
        {
            try
            {
                if (await ldap.Check(tenant, provider, name, password, cancellationToken) is not { } identity) continue;
                var (user, problem) = await accounts.Accept(tenant, provider, identity, cancellationToken);
                return new(user, provider.Name, problem);
            }
            catch (SignInException failure)
            {
                LogSilent(provider.Name, failure.Message);
                silent = true;
            }
        }

        return new(null, Silent: silent);
    }

    [LoggerMessage(LogLevel.Error, "Nobody of the directory {Provider} can sign in now: {Problem}")]
    private partial void LogSilent(string provider, string problem);
}
