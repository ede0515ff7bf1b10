using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;
using Xunit;

namespace PRTS.EndToEnd.Tests;

/// <summary>
/// Secrets that are known nowhere else go in by every way there is; then everything that PRTS keeps and says is searched for them, in all the
/// forms that they might have taken. A variable, which is no secret, is found in the same search.
/// </summary>
[Collection("One installation")]
public sealed class CanaryTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const string Pipeline = $$$"""
        name: Canary
        stages:
          - name: Use
            parallel: true
            jobs:
              - name: Speak
                environment: production
                secrets:
                  - TENANT_CANARY
                  - ORG_CANARY
                  - PROJECT_CANARY
                  - {name: ENVIRONMENT_CANARY, variable: FILE, file: true}
                steps:
                  - run: |
                      set +x
                      for value in "$TENANT_CANARY" "$ORG_CANARY" "$PROJECT_CANARY" "$(cat "$FILE")"; do
                        printf 'raw %s\n' "$value"
                        printf 'error %s\n' "$value" >&2
                        printf 'half %s' "${value:0:10}"; sleep 0.3; printf '%s\n' "${value:10}"
                        printf 'base64 %s\n' "$(printf %s "$value" | base64 -w0)"
                        printf 'shifted %s\n' "$(printf 'x%s' "$value" | base64 -w0)"
                        printf 'quoted %q\n' "$value"
                      done
                      printf 'variable %s\n' "$PLAIN"
                      while [ ! -e released ]; do sleep 0.2; [ $((++n)) -lt 100 ] || break; done
                      cat "$FILE"
                  - run: mkdir -p out && echo content > out/file
                  - artifact: {path: out/, name: kept}
              - name: Contain
                image: {{{EngineFixture.Usual}}}
                environment: production
                secrets:
                  - CONTAINER_CANARY
                  - {name: ENVIRONMENT_CANARY, variable: FILE, file: true}
                steps:
                  - run: |
                      set +x
                      for value in "$CONTAINER_CANARY" "$(cat "$FILE")"; do
                        printf 'raw %s\n' "$value"
                        printf 'error %s\n' "$value" >&2
                        printf 'half %s' "${value:0:10}"; sleep 0.3; printf '%s\n' "${value:10}"
                        printf 'base64 %s\n' "$(printf %s "$value" | base64 | tr -d '\n')"
                        printf 'quoted %q\n' "$value"
                      done
                      printf 'variable %s\n' "$PLAIN"
                      while [ ! -e released ]; do sleep 0.2; [ $((++n)) -lt 100 ] || break; done
                      env | grep CANARY
                      cat "$FILE"
              - name: Name
                secrets: [PROJECT_CANARY]
                steps:
                  - run: mkdir -p out && echo content > out/file
                  - artifact: {path: out/, name: "${{ env.PROJECT_CANARY }}"}
              - name: File
                secrets: [ORG_CANARY]
                steps:
                  - run: mkdir -p out && echo content > "out/$ORG_CANARY"
                  - artifact: {path: out/, name: files}
              - name: Say
                secrets: [TENANT_CANARY]
                steps:
                  - id: out
                    name: It is ${{ env.TENANT_CANARY }}
                    run: |
                      echo "value=$TENANT_CANARY" >> "$PRTS_OUTPUT"
                      echo "$TENANT_CANARY" | od -c | head -n 1 > /dev/null
                      exit 3
        """;

    /// <summary>The jobs that run when server and agent are killed.</summary>
    private static readonly string[] Waiting = ["speak", "contain"];

    [Fact]
    public async Task EverythingKept_AfterKills_HasNoSecretInAnyForm()
    {
        await using var receiver = new OtlpReceiver();
        await using var prts = await Installation.Start(Installation.Checkout(), slots: 3, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Url.AbsoluteUri,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["PRTS_CONTAINERS"] = $"unix://{engine.Socket}",
        });
        var cancel = TestContext.Current.CancellationToken;
        var canaries = new Dictionary<string, string>(StringComparer.Ordinal);
        string Canary(string name) => canaries[name] = $"Kan{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}-{name}";
        var plain = $"Plain{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}";
        var clone = await prts.Project("canary", Pipeline);
        await Set(prts, ["."], "TENANT_CANARY", Canary("tenant") + " &<\"'\\/é+%");
        await Set(prts, ["bench"], "ORG_CANARY", Canary("organization"));
        await Set(prts, ["bench/canary"], "PROJECT_CANARY", Canary("project"));
        await Set(prts, ["bench/canary"], "CONTAINER_CANARY", Canary("container"));
        await Set(prts, ["bench/canary", "--environment", "production"], "ENVIRONMENT_CANARY", Canary("environment"));
        await prts.Cli("variable", "set", "bench/canary", $"PLAIN={plain}");
        await Post(prts, HttpMethod.Post, "/api/v1/users", new { name = "canary", password = Canary("password"), role = "developer" });
        await Post(prts, HttpMethod.Put, "/api/v1/sign-in-providers/canary", new { openIdConnect = new { issuer = "https://login.example.com", clientId = "prts" }, secret = Canary("provider") });
        var token = await Post(prts, HttpMethod.Post, "/api/v1/account/tokens", new { name = "canary" });
        canaries["token"] = Text(token, "token");
        canaries["short-lived token"] = Text(await Post(prts, HttpMethod.Post, "/api/v1/account/tokens/short-lived", new { minutes = 60 }), "token");
        canaries["webhook"] = Text(await Post(prts, HttpMethod.Put, "/api/v1/projects/bench/canary/webhooks/forge", new { }), "secret");

        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await prts.WaitFor("bench/canary", 1, build => Waiting.All(key => Job(build, key) is { Status: RunStatus.Running } job && job.Steps[0].Status == RunStatus.Running));
        await Task.Delay(TimeSpan.FromSeconds(3), cancel);
        var containers = await Containers(cancel);
        var before = await prts.Processes();
        Process.GetProcessById(before["agent"]).Kill();
        Process.GetProcessById(before["server"]).Kill();
        await prts.WaitUntilReady(before["server"]);
        var build = await prts.WaitFor("bench/canary", 1, found => found.Status.IsEnded());
        Assert.All(Waiting, key => Assert.Equal(RunStatus.Succeeded, Job(build, key).Status));
        Assert.All((string[])["name", "file", "say"], name => Assert.Equal(RunStatus.Failed, Job(build, name).Status));

        await receiver.Until(spans => spans.Any(span => span.Name == "job") && spans.Any(span => span.Name == "build"));
        var searched = await Everything(prts, build);
        searched.Add(("the traces", receiver.Received));
        searched.Add(("what the container engine says of the job's containers", containers));
        var leaks = searched.SelectMany(place => canaries.SelectMany(canary => Forms(canary.Value).Where(form => place.Bytes.AsSpan().IndexOf(form.Bytes) >= 0)
            .Select(form => $"{canary.Key} as {form.Name} in {place.Name}"))).ToList();
        // What the first administrator's command line needs is its own file, which is not of this test's secrets.
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
        var found = searched.Where(place => Forms(plain).Any(form => place.Bytes.AsSpan().IndexOf(form.Bytes) >= 0)).Select(place => place.Name).ToList();
        Assert.Contains("the database's dump", found);
        Assert.Contains("the log of speak", found);
        Assert.Contains("the log of contain", found);
        Assert.Contains("refs/heads/main", Encoding.UTF8.GetString(receiver.Received), StringComparison.Ordinal);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: canaries, {canaries.Count} secrets in {Forms("x").Count()} forms, {searched.Count} files and answers of {searched.Sum(place => (long)place.Bytes.Length) >> 20} MiB searched: 0 found; the variable found in {found.Count}"));
    }

    /// <summary>The image, command, environment and mounts of those that run, which the engine also keeps on its disk.</summary>
    private async Task<byte[]> Containers(CancellationToken cancel)
    {
        var running = await engine.Client.Containers.ListContainersAsync(new(), cancel);
        Assert.NotEmpty(running);
        var known = await Task.WhenAll(running.Select(container => engine.Client.Containers.InspectContainerAsync(container.ID, cancel)));
        return JsonSerializer.SerializeToUtf8Bytes(known, ApiJson.Options);
    }

    private static string Text(string json, string member) => JsonDocument.Parse(json).RootElement.GetProperty(member).GetString()!;

    private static JobSummary Job(BuildSummary build, string key) => build.Stages![0].Jobs.Single(job => job.Key == key);

    private static async Task Set(Installation prts, string[] place, string name, string value)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, value);
            await prts.Cli(["secret", "set", place[0], name, "--file", file, .. place[1..]]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<string> Post(Installation prts, HttpMethod method, string address, object body)
    {
        using var request = new HttpRequestMessage(method, address) { Content = JsonContent.Create(body, options: ApiJson.Options) };
        using var answer = await prts.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{address}: {text}");
        return text;
    }

    /// <summary>Files of the data directory (the agent's is in it), the database as text, and what the API says of the build, the secrets and the audit log.</summary>
    private static async Task<List<(string Name, byte[] Bytes)>> Everything(Installation prts, BuildSummary build)
    {
        var cancel = TestContext.Current.CancellationToken;
        var places = new List<(string Name, byte[] Bytes)>();
        var files = await Commands.Run("find", [prts.Home, "-ignore_readdir_race", "-type", "f"]);
        foreach (var path in files.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // PostgreSQL replaces and removes files as it works.
            if (await Read(path, cancel) is { } bytes) places.Add((Path.GetRelativePath(prts.Home, path), bytes));
        }

        var dump = Directory.GetFiles("/usr/lib/postgresql", "pg_dump", new EnumerationOptions { RecurseSubdirectories = true }).Order(StringComparer.Ordinal).Last();
        places.Add(("the database's dump", Encoding.UTF8.GetBytes(await Commands.Run(dump, ["-h", Path.Combine(prts.Home, "run", "postgres"), "-U", "prts", "-d", "prts", "--inserts"]))));
        var api = $"/api/v1/projects/bench/canary/builds/{build.Number}";
        List<(string Name, string Address)> addresses =
        [
            ("the build", api), ("the plan", $"{api}/plan"), ("the artifacts", $"{api}/artifacts"), ("the secrets", "/api/v1/projects/bench/canary/secrets"), ("the providers", "/api/v1/sign-in-providers"),
            ("the variables", "/api/v1/projects/bench/canary/variables"), ("the tokens", "/api/v1/account/tokens"), ("the webhooks", "/api/v1/projects/bench/canary/webhooks"), ("the users", "/api/v1/users"), ("the builds", "/api/v1/builds"), ("the audit log", "/api/v1/audit"),
            .. build.Stages!.SelectMany(stage => stage.Jobs).Select(job => ($"the log of {job.Key}", $"{api}/jobs/{job.Key}/log")),
        ];
        foreach (var (name, address) in addresses)
        {
            using var answer = await prts.Http.GetAsync(address, cancel);
            Assert.True(answer.IsSuccessStatusCode, $"{address} answers {answer.StatusCode}");
            places.Add((name, await answer.Content.ReadAsByteArrayAsync(cancel)));
        }

        return places;
    }

    private static async Task<byte[]?> Read(string path, CancellationToken cancel)
    {
        try
        {
            // Whoever holds a lock keeps others from reading it; there is nothing in it.
            return path.EndsWith(".lock", StringComparison.Ordinal) && new FileInfo(path).Length == 0 ? [] : await File.ReadAllBytesAsync(path, cancel);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>As it is, and as encodings write it; base64 from each of the three places where it may begin, without the characters that its neighbours decide.</summary>
    private static IEnumerable<(string Name, byte[] Bytes)> Forms(string text)
    {
        var raw = Encoding.UTF8.GetBytes(text);
        yield return ("it is", raw);
        yield return ("UTF-16", Encoding.Unicode.GetBytes(text));
        yield return ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(raw)));
        yield return ("HEXADECIMAL", Encoding.ASCII.GetBytes(Convert.ToHexString(raw)));
        yield return ("its reverse", [.. raw.Reverse()]);
        yield return ("URL", Encoding.ASCII.GetBytes(Uri.EscapeDataString(text)));
        yield return ("JSON", JsonEncodedText.Encode(text).EncodedUtf8Bytes.ToArray());
        yield return ("XML", Encoding.UTF8.GetBytes(SecurityElement.Escape(text)));
        for (var offset = 0; offset < 3; offset++)
        {
            var encoded = Convert.ToBase64String([.. new byte[offset], .. raw])[(offset == 0 ? 0 : offset + 1)..];
            yield return ($"base64 at {offset}", Encoding.ASCII.GetBytes(encoded[..Math.Max(1, encoded.Length - 4)]));
        }
    }
}
