using System.DirectoryServices.Protocols;
using System.Globalization;
using System.Net;
using System.Text;
using PRTS.Api.Access;
using PRTS.Egress;
using PRTS.Storage.Access;

namespace PRTS.Web.Access.SignIn;

/// <summary>
/// A directory over TLS: the search account finds the person, the person's own bind proves the password. The authorities that the
/// server's machine trusts count (<c>LDAPTLS_CACERT</c> names others).
/// </summary>
public sealed class LdapSignIn(SignInProvidersStore providers, WebOptions options) : IDisposable
{
    private const int AtOnce = 16;
    private const int MostGroups = 1000;
    private const int InvalidCredentials = 49;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The library blocks a thread for each.</summary>
    private readonly SemaphoreSlim turns = new(AtOnce);

    /// <summary>Null: the directory has no such person, or the password is wrong.</summary>
    /// <exception cref="SignInException">The directory cannot be asked.</exception>
    public async Task<ExternalIdentity?> Check(string tenant, SignInProvider provider, string name, string password, CancellationToken cancellationToken)
    {
        // A bind without a password is anonymous, and succeeds (RFC 4513, 5.1.2).
        if (name.Length == 0 || password.Length == 0) return null;
        return await Ask(tenant, provider, (settings, searching) => Check(settings, searching, name, password), cancellationToken);
    }

    /// <summary>What was found.</summary>
    /// <exception cref="SignInException"/>
    public Task<string> Test(string tenant, SignInProvider provider, CancellationToken cancellationToken) => Ask(tenant, provider, (settings, searching) =>
    {
        using var search = Connect(settings);
        search.Bind(new NetworkCredential(settings.SearchDn, searching));
        var people = Find(search, settings.PeopleDn, $"({settings.NameAttribute}=*)", 1, [settings.NameAttribute]).Count;
        return people > 0 ? $"{settings.Address} lets {settings.SearchDn} look for people below {settings.PeopleDn}, and there are some."
            : throw new SignInException($"{settings.Address} lets {settings.SearchDn} in, but nobody below {settings.PeopleDn} has the attribute {settings.NameAttribute}.");
    }, cancellationToken);

    private async Task<T> Ask<T>(string tenant, SignInProvider provider, Func<LdapSettings, string, T> question, CancellationToken cancellationToken)
    {
        using var secret = await providers.Secret(tenant, provider.Name, cancellationToken) ?? throw new SignInException($"The provider '{provider.Name}' has no password for its search account.");
        await CheckAddress(new(provider.Ldap!.Address), cancellationToken);
        await turns.WaitAsync(cancellationToken);
        try
        {
            var searching = secret.Reveal();
            return await Task.Run(() => question(provider.Ldap!, searching), cancellationToken);
        }
        catch (Exception failure) when (failure is LdapException or DirectoryOperationException or PlatformNotSupportedException or UriFormatException)
        {
            throw new SignInException($"The directory {provider.Ldap!.Address} cannot be asked: {failure.Message}", failure);
        }
        catch (Exception missing) when (missing is DllNotFoundException or TypeInitializationException)
        {
            throw new SignInException("The server's machine lacks OpenLDAP's library: install libldap (Debian: libldap-2.5-0) and try again.", missing);
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();

    private static ExternalIdentity? Check(LdapSettings settings, string searching, string name, string password)
    {
        using var search = Connect(settings);
        search.Bind(new NetworkCredential(settings.SearchDn, searching));
        string[] wanted = settings.IdAttribute.Length > 0 ? [settings.NameAttribute, "cn", "displayName", "mail", settings.IdAttribute] : [settings.NameAttribute, "cn", "displayName", "mail"];
        var found = Find(search, settings.PeopleDn, $"({settings.NameAttribute}={Escape(name)})", 2, wanted);
        // Of two nobody knows which one was meant.
        if (found.Count != 1) return null;
        var person = found[0];
        using (var own = Connect(settings))
        {
            try
            {
                own.Bind(new NetworkCredential(person.DistinguishedName, password));
            }
            catch (LdapException refused) when (refused.ErrorCode == InvalidCredentials)
            {
                return null;
            }
        }

        var subject = settings.IdAttribute.Length == 0 ? person.DistinguishedName
            : First(person, settings.IdAttribute) ?? throw new SignInException($"'{person.DistinguishedName}' has no {settings.IdAttribute}, by which its account would be known.");
        return new(subject, First(person, settings.NameAttribute) ?? name, First(person, "displayName") ?? First(person, "cn") ?? "", First(person, "mail"), Groups(search, settings, person.DistinguishedName));
    }

    /// <summary>By name and by DN.</summary>
    private static IReadOnlyList<string> Groups(LdapConnection search, LdapSettings settings, string person)
    {
        if (settings.GroupsDn is not { Length: > 0 } place) return [];
        var found = Find(search, place, $"({settings.MemberAttribute}={Escape(person)})", MostGroups, ["cn"]);
        // A part of them would take the person out of teams.
        if (found.Count >= MostGroups) throw new SignInException($"'{person}' is in {MostGroups} groups or more.");
        return [.. found.SelectMany(group => new[] { First(group, "cn"), group.DistinguishedName }).OfType<string>()];
    }

    /// <summary>As for all requests to addresses that somebody chose. The library resolves the name once more: only its certificate tells that it is the same machine.</summary>
    private async Task CheckAddress(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            var rules = options.Gateway.Egress;
            if (rules.CheckPort(address.IdnHost, PortOf(address)) is { } refused) throw refused;
            foreach (var found in await Dns.GetHostAddressesAsync(address.IdnHost, cancellationToken))
            {
                if (rules.Check(address.IdnHost, PortOf(address), found) is { } wrong) throw wrong;
            }
        }
        catch (Exception failure) when (failure is EgressRefusedException or System.Net.Sockets.SocketException)
        {
            throw new SignInException($"The directory {address} cannot be asked: {failure.Message}", failure);
        }
    }

    private static int PortOf(Uri address) => address.Port > 0 ? address.Port : 636;

    private static LdapConnection Connect(LdapSettings settings)
    {
        var address = new Uri(settings.Address);
        var connection = new LdapConnection(new LdapDirectoryIdentifier(address.Host, PortOf(address), fullyQualifiedDnsHostName: false, connectionless: false)) { AuthType = AuthType.Basic, Timeout = Patience };
        connection.SessionOptions.ProtocolVersion = 3;
        connection.SessionOptions.SecureSocketLayer = true;
        connection.SessionOptions.ReferralChasing = ReferralChasingOptions.None;
        return connection;
    }

    private static List<SearchResultEntry> Find(LdapConnection connection, string below, string filter, int most, string[] attributes)
    {
        var request = new SearchRequest(below, filter, SearchScope.Subtree, attributes) { SizeLimit = most, TimeLimit = Patience };
        try
        {
            return [.. ((SearchResponse)connection.SendRequest(request, Patience)).Entries.Cast<SearchResultEntry>()];
        }
        catch (DirectoryOperationException full) when (full.Response is SearchResponse { ResultCode: ResultCode.SizeLimitExceeded } some)
        {
            // There are more, and the caller counts what there is.
            return [.. some.Entries.Cast<SearchResultEntry>()];
        }
    }

    private static string? First(SearchResultEntry entry, string attribute) =>
        entry.Attributes.Contains(attribute) && entry.Attributes[attribute] is { Count: > 0 } values ? values[0] as string ?? Encoding.UTF8.GetString((byte[])values[0]) : null;

    /// <summary>What a filter would take for its own (RFC 4515), and all that is not ASCII.</summary>
    private static string Escape(string text) => string.Concat(Encoding.UTF8.GetBytes(text)
        .Select(each => char.IsAsciiLetterOrDigit((char)each) || each is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'@' or (byte)'=' or (byte)',' or (byte)' '
            ? ((char)each).ToString() : string.Create(CultureInfo.InvariantCulture, $"\\{each:x2}")));
}
