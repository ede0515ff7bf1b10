using System.Text;
using Docker.DotNet.Models;
using PRTS.Execution.Containers;

namespace PRTS.Execution.Tests;

/// <summary>What Docker and podman keep of logins, themselves or with programs of others, which here are scripts.</summary>
public sealed class RegistryCredentialsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("prts-login-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Config => Path.Combine(directory, "config.json");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("https://index.docker.io/v1/", "node:20", "https://index.docker.io/v1/")]
    [InlineData("docker.io", "docker.io/library/node:20", "https://index.docker.io/v1/")]
    [InlineData("registry.example.com", "registry.example.com/app", "registry.example.com")]
    [InlineData("https://registry.example.com/v2/", "registry.example.com/app", "registry.example.com")]
    [InlineData("registry.example.com/team", "registry.example.com/team/app:1", "registry.example.com")]
    [InlineData("localhost:5000", "localhost:5000/app", "localhost:5000")]
    public async Task For_FileKnowsTheRegistry_SaysUserAndPassword(string key, string image, string server)
    {
        Write($$$"""{"auths": {"other.example.com": {"auth": "{{{Base64("x:y")}}}"}, "{{{key}}}": {"auth": "{{{Base64("ann:p:w")}}}"} } }""");

        var login = await Credentials().For(image, Token);

        Assert.Equal((server, "ann", "p:w"), (login.ServerAddress, login.Username, login.Password));
        Assert.Null((await Credentials().For("third.example.com/app", Token)).Username);
        Assert.Equal(2, (await Credentials().All(Token)).Count);
    }

    [Fact]
    public async Task For_KeysWithPaths_TheLongestCounts()
    {
        Write($$$"""{"auths": {"r.example.com": {"auth": "{{{Base64("all:1")}}}"}, "r.example.com/a": {"auth": "{{{Base64("a:2")}}}"}, "r.example.com/b": {"auth": "{{{Base64("b:3")}}}"} } }""");

        Assert.Equal(["a", "b", "all"], [
            (await Credentials().For("r.example.com/a/app", Token)).Username,
            (await Credentials().For("r.example.com/b:1", Token)).Username,
            (await Credentials().For("r.example.com/ab/app", Token)).Username]);
    }

    [Theory]
    [InlineData("""{"credsStore": "keys"}""", "node:20", "https://index.docker.io/v1/")]
    [InlineData("""{"credsStore": "keys", "auths": {"https://index.docker.io/v1/": {}}}""", "docker.io/library/node", "https://index.docker.io/v1/")]
    [InlineData("""{"credHelpers": {"docker.io": "keys"}}""", "node:20", "docker.io")]
    [InlineData("""{"credHelpers": {"registry.example.com": "keys"}, "credsStore": "none"}""", "registry.example.com/app", "registry.example.com")]
    public async Task For_ProgramKeepsIt_IsAskedForTheServer(string config, string image, string asked)
    {
        Helper("keys", """[ "$*" = get ] && printf '{"ServerURL":"x","Username":"%s","Secret":"pw"}' "$(cat)" """);
        Write(config);

        var login = await Credentials().For(image, Token);

        Assert.Equal((asked, "pw"), (login.Username, login.Password));
    }

    [Fact]
    public async Task For_ProgramHasAToken_IsAnIdentityToken()
    {
        Helper("keys", """cat >/dev/null; echo '{"Username":"<token>","Secret":"t"}'""");
        Write("""{"credsStore": "keys"}""");

        var login = await Credentials().For("node", Token);

        Assert.Equal((null, "t"), (login.Username, login.IdentityToken));
    }

    [Fact]
    public async Task For_ProgramHasNone_TheFileIsLookedAt()
    {
        Helper("keys", "cat >/dev/null; echo credentials not found in native keychain; exit 1");
        Write($$$"""{"credsStore": "keys", "auths": {"r.example.com": {"auth": "{{{Base64("ann:1")}}}"} } }""");

        Assert.Equal("ann", (await Credentials().For("r.example.com/app", Token)).Username);
        Assert.Null((await Credentials().For("node", Token)).Username);
    }

    [Fact]
    public async Task All_ProgramsAndFile_AreAskedForEachRegistry()
    {
        Helper("keys", """printf '{"Username":"%s","Secret":"pw"}' "$(cat)" """);
        Write($$$"""{"credHelpers": {"a.example.com": "keys"}, "auths": {"a.example.com": {}, "b.example.com": {"auth": "{{{Base64("ann:1")}}}"} } }""");

        Assert.Equal([("a.example.com", "a.example.com"), ("b.example.com", "ann")], (await Credentials().All(Token)).Select(Pair));

        static (string?, string?) Pair(AuthConfig login) => (login.ServerAddress, login.Username);
    }

    [Theory]
    [InlineData(null, "the credentials of https://index.docker.io/v1/ are kept by docker-credential-keys, which is not in the agent's PATH")]
    [InlineData("echo the vault is sealed >&2; exit 3", "docker-credential-keys did not give the credentials of https://index.docker.io/v1/: the vault is sealed")]
    [InlineData("exit 3", "docker-credential-keys did not give the credentials of https://index.docker.io/v1/: it exited with code 3")]
    [InlineData("exec sleep 1000", "docker-credential-keys did not give the credentials of https://index.docker.io/v1/ within 0.5 s")]
    [InlineData("echo hello", "docker-credential-keys did not give the credentials of https://index.docker.io/v1/: ")]
    [InlineData("echo '{}'", "docker-credential-keys did not give the credentials of https://index.docker.io/v1/: ")]
    public async Task For_ProgramFails_SaysHow(string? script, string message)
    {
        if (script is not null)
            Helper("keys", script);
        Write("""{"credsStore": "keys"}""");
        var credentials = new RegistryCredentials(Config, directory, TimeSpan.FromSeconds(script?.Contains("sleep", StringComparison.Ordinal) == true ? 0.5 : 30));

        var failure = await Assert.ThrowsAsync<EngineException>(() => credentials.For("node", Token));

        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_FileIsBroken_SaysWhich()
    {
        Write("{");

        Assert.StartsWith($"the registry credentials in {Config} cannot be read: ", (await Assert.ThrowsAsync<EngineException>(() => Credentials().For("node", Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UsualFile_PodmansLogin_IsFoundWhereDockerHasNone()
    {
        var runtime = Directory.CreateDirectory(Path.Combine(directory, "containers")).FullName;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = directory, ["DOCKER_CONFIG"] = Path.Combine(directory, "none") };
        var auth = Path.Combine(runtime, "auth.json");
        Helper("keys", """printf '{"Username":"%s","Secret":"pw"}' "$(cat)" """);
        await File.WriteAllTextAsync(auth, """{"credHelpers": {"r.example.com": "keys"}}""", Token);

        Assert.Equal(auth, RegistryCredentials.UsualFileOf(variables.GetValueOrDefault));
        Assert.Equal("r.example.com", (await new RegistryCredentials(auth, directory).For("r.example.com/app", Token)).Username);

        variables["DOCKER_CONFIG"] = directory;
        Write("{}");
        Assert.Equal(Config, RegistryCredentials.UsualFileOf(variables.GetValueOrDefault));
        variables["REGISTRY_AUTH_FILE"] = auth;
        Assert.Equal(auth, RegistryCredentials.UsualFileOf(variables.GetValueOrDefault));
    }

    private RegistryCredentials Credentials() => new(Config, directory);

    private void Write(string config) => File.WriteAllText(Config, config);

    private void Helper(string name, string script)
    {
        var path = Path.Combine(directory, "docker-credential-" + name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
