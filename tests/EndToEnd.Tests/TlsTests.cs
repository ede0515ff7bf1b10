using System.Net;
using System.Text.Json;
using Xunit;

namespace PRTS.EndToEnd.Tests;

/// <summary>With TLS turned on and nothing else set, everything goes on as before: agents, Git, logs, artifacts and the command line.</summary>
[Collection("One installation")]
public sealed class TlsTests
{
    private const string Pipeline = """
        version: "1.0"
        name: Over TLS
        triggers:
          - push:
              branches: [main]
        stages:
          - name: Make
            jobs:
              - name: Make
                steps:
                  - run: mkdir dist && echo made > dist/it.txt
                  - artifact:
                      path: dist/
                      name: it
          - name: Use
            jobs:
              - name: Use
                steps:
                  - download:
                      name: it
                  - run: find . -name it.txt -exec cat {} +
        """;

    [Fact]
    public async Task Everything_WithTlsOn_WorksAsBefore()
    {
        // It starts only when the agent has joined, and comes back when the sample's build has succeeded.
        await using var prts = await Installation.Start(Installation.Checkout(), slots: 2, new Dictionary<string, string>(StringComparer.Ordinal) { ["PRTS_TLS"] = "self" });
        Assert.Equal("https", prts.Url.Scheme);
        Assert.Equal(await File.ReadAllTextAsync(prts.Trust, TestContext.Current.CancellationToken), await prts.Cli("ca"));

        var clone = await prts.Project("tls", Pipeline);
        await Commands.Run("git", ["push", "--quiet", "origin", "main"], clone,
            // Stronger than the setting http.sslCAInfo, and set on some machines.
            new Dictionary<string, string>(StringComparer.Ordinal) { ["GIT_SSL_CAINFO"] = prts.Trust });
        await prts.WaitForBuild("bench/tls", 1);
        Assert.Contains("made", await prts.Cli("build", "log", "bench/tls#1", "--job", "use"), StringComparison.Ordinal);
        using var builds = JsonDocument.Parse(await prts.Cli("build", "list", "bench/tls", "--json"));
        Assert.Equal("succeeded", builds.RootElement[0].GetProperty("status").GetString());

        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var sent = await plain.GetAsync(new UriBuilder(prts.Url) { Scheme = "http", Path = "/login" }.Uri, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.PermanentRedirect, new Uri(prts.Url, "/login")), (sent.StatusCode, sent.Headers.Location));
    }
}
