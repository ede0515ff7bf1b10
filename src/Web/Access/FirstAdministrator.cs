using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Storage.Access;
using PRTS.Storage.Audit;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>What <c>$PRTS_HOME/admin.json</c> holds.</summary>
public sealed record AdministratorFile
{
    public required string Url { get; init; }
    public required string User { get; init; }
    public required string Password { get; init; }
    public required string Token { get; init; }
}

/// <summary>
/// Where nobody is administrator (a new installation): <c>admin</c> with a random password and an access token. The file is written before
/// the account, and a file that is there is used again, so a crash in between leaves no account that nobody can enter.
/// </summary>
public sealed class FirstAdministrator(
    WebOptions options, UsersStore users, DirectoryReadModel directory, IGrainFactory grains, AccessTokensStore tokens, PasswordHasher hasher, AuditLog audit, TimeProvider time)
{
    public const string Name = "admin";

    /// <summary>Where it is kept.</summary>
    private const string TokenName = "admin.json";

    private AuditSource Source => AuditSource.OfSystem(options.Tenant, "first-start");

    public async Task Ensure(CancellationToken cancellationToken = default)
    {
        var path = Path.Combine(options.Home, "admin.json");
        if (await directory.Holders(options.Tenant, Accounts.Name(Role.Admin), except: Guid.Empty, cancellationToken) > 0)
        {
            await Complete(path, cancellationToken);
            return;
        }

        var file = await Read(path, cancellationToken) ?? new AdministratorFile
        {
            Url = options.PublicUrl,
            User = Name,
            Password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18)),
            Token = Credentials.Create(Credentials.AccessTokenPrefix),
        };
        await Write(path, file with { Url = options.PublicUrl }, cancellationToken);
        if (await grains.Tenant(options.Tenant).Get() is null)
            await audit.Record(Source.Allowed("tenant:create", new("tenant", options.Tenant), after: DirectoryChanges.Fields(new CreateTenant { Name = options.Tenant })), cancellationToken);
        await grains.Tenant(options.Tenant).Create("");
        var known = await users.ByName(options.Tenant, file.User, cancellationToken);
        var id = known?.Id ?? Guid.NewGuid();
        var fields = new AuditFields { ["name"] = file.User, ["role"] = Accounts.Name(Role.Admin), ["password"] = AuditValue.Secret };
        await audit.Record(Source.Allowed(known is null ? "user:create" : "user:update", new("user", file.User), after: fields), cancellationToken);
        await grains.User(options.Tenant, id).Create(new() { Name = file.User, CreatedAt = time.GetUtcNow() });
        await grains.User(options.Tenant, id).SetEnabled(true);
        await users.SetPassword(id, await hasher.Hash(file.Password, cancellationToken), cancellationToken);
        // Last, because it says that the rest is done.
        await grains.Grants(options.Tenant, AccessScope.Tenant).Give(GrantSubject.Of(id).ToString(), Accounts.Name(Role.Admin));
        await Complete(path, cancellationToken);
    }

    /// <summary>The token comes after the account; if the server died between them, it is made now. The address may have changed too.</summary>
    private async Task Complete(string path, CancellationToken cancellationToken)
    {
        if (await Read(path, cancellationToken) is not { } file || await users.ByName(options.Tenant, file.User, cancellationToken) is not { } user) return;
        if (file.Url != options.PublicUrl) await Write(path, file with { Url = options.PublicUrl }, cancellationToken);
        var revoked = (await tokens.List(user.Id, cancellationToken)).Count > 0 || user.CreatedAt < time.GetUtcNow().AddMinutes(-10);
        if (revoked) return;
        await audit.Record(Source.Allowed("access-token:create", new("access-token", TokenName), after: AccessTokens.Fields(new() { Name = TokenName })), cancellationToken);
        await tokens.Create(
            new() { Id = Guid.NewGuid(), UserId = user.Id, Name = TokenName, Prefix = Credentials.Recognisable(file.Token), CreatedAt = time.GetUtcNow() },
            Credentials.Sha256(file.Token), cancellationToken);
    }

    private static async Task<AdministratorFile?> Read(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return null;
        try
        {
            await using var stream = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync<AdministratorFile>(stream, ApiJson.Options, cancellationToken);
        }
        catch (JsonException malformed)
        {
            throw new InvalidDataException($"{path} is not what PRTS wrote ({malformed.Message}). Put the original back, or delete it if there are no users yet.", malformed);
        }
    }

    /// <summary>Whole or not at all, and never readable by others.</summary>
    private static async Task Write(string path, AdministratorFile file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + ".new";
        File.Delete(temporary);
        var creation = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var stream = new FileStream(temporary, creation))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(file, ApiJson.Options) + "\n"), cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
