using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PRTS.Audit;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Export;
using PRTS.Audit.Merkle;

namespace PRTS.Cli.Tests.Audit;

public sealed class AuditTests : IAsyncDisposable
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private readonly Prts prts = new();
    private readonly Key key = new();

    public async ValueTask DisposeAsync()
    {
        key.Dispose();
        await prts.DisposeAsync();
    }

    [Fact]
    public async Task Verify_WithoutAServer_ProvesAnExport()
    {
        await WriteAsync("export.jsonl", await ExportAsync(6));
        await WriteAsync("kept", (await CheckpointAsync(4)).Text);
        await WriteAsync("key.pem", key.Public.ToPem());
        var answer = await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept");
        Assert.Equal((0, ""), (answer.ExitCode, answer.Error));
        Assert.Equal(
            $"""
            proven: the export has 6 entries of the tenant acme, and nobody changed them
              4 entries by the checkpoint of 2026-11-23 12:00:00Z that was kept elsewhere
              2 entries after that by the export's own checkpoint of 2026-11-23 12:00:00Z, signed with the key {Convert.ToHexStringLower(key.Public.Id)}

            """, answer.Output);
        Assert.Equal(0, (await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept", "--key", "key.pem")).ExitCode);
    }

    [Fact]
    public async Task Verify_OfWhatWasChanged_Exits1AndSaysTheLine()
    {
        var export = await ExportAsync(6);
        await WriteAsync("export.jsonl", export.Replace("\"V3\"", "\"V4\"", StringComparison.Ordinal));
        await WriteAsync("kept", (await CheckpointAsync(4)).Text);
        var answer = await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept");
        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.StartsWith("prts: not proven: export.jsonl:3: entry 3 was changed", answer.Error, StringComparison.Ordinal);
        Assert.Single(answer.Error.TrimEnd().Split('\n'));

        await WriteAsync("export.jsonl", export);
        await WriteAsync("kept", (await CheckpointAsync(4)).Text.Replace("12:00", "13:00", StringComparison.Ordinal));
        answer = await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("the checkpoint was changed", answer.Error, StringComparison.Ordinal);

        await WriteAsync("kept", "prts-audit/acme\n");
        answer = await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept");
        Assert.Equal((1, "prts: not proven: kept is no checkpoint, or was changed\n"), (answer.ExitCode, answer.Error));
    }

    [Fact]
    public async Task Verify_WithAnotherKey_Exits1()
    {
        using var other = new Key();
        await WriteAsync("export.jsonl", await ExportAsync(2));
        await WriteAsync("kept", (await CheckpointAsync(2)).Text);
        await WriteAsync("key.pem", other.Public.ToPem());
        var answer = await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept", "--key", "key.pem");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("not the one that was given", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit", "verify")]
    [InlineData("audit", "verify", "export.jsonl")]
    [InlineData("audit", "verify", "export.jsonl", "--checkpoint", "missing")]
    [InlineData("audit", "verify", "missing", "--checkpoint", "kept")]
    [InlineData("audit", "verify", "export.jsonl", "--checkpoint", "kept", "--key", "missing")]
    [InlineData("audit", "verify", "export.jsonl", "--checkpoint", "kept", "--key", "kept")]
    [InlineData("audit", "export", "--format", "xml")]
    [InlineData("audit", "list", "--since", "yesterday")]
    public async Task InvalidUse_Any_Exits2(params string[] arguments)
    {
        await WriteAsync("export.jsonl", await ExportAsync(2));
        await WriteAsync("kept", (await CheckpointAsync(2)).Text);
        var answer = await prts.RunAsync(arguments);
        Assert.Equal((2, ""), (answer.ExitCode, answer.Output));
        Assert.StartsWith("prts: ", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at PRTS", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExportAndCheckpoint_OfAServer_AreSavedAndProven()
    {
        await using var server = new FakeControlPlane(prts);
        var (export, checkpoint) = (await ExportAsync(5), await CheckpointAsync(5));
        server.On("/api/v1/audit/export", context => FakeControlPlane.WriteAsync(context, export));
        server.On("/api/v1/audit/checkpoint", context => FakeControlPlane.WriteAsync(context, checkpoint.Text));
        server.On("/api/v1/audit/key", context => FakeControlPlane.WriteAsync(context, key.Public.ToPem()));
        Assert.Equal(new Answer(0, "", ""), await prts.RunAsync("audit", "export", "-o", "export.jsonl", "--action", "a:b", "--since", "2026-11-23T12:00:00Z"));
        Assert.Equal(new Answer(0, "", ""), await prts.RunAsync("audit", "checkpoint", "--output", "kept"));
        Assert.Equal(new Answer(0, key.Public.ToPem(), ""), await prts.RunAsync("audit", "key"));
        Assert.Contains("GET /api/v1/audit/export?format=json&action=a%3Ab&from=2026-11-23T12%3A00%3A00.0000000Z", server.Requests);
        Assert.Equal(0, (await prts.RunAsync("audit", "verify", "export.jsonl", "--checkpoint", "kept")).ExitCode);
        Assert.Equal(["export.jsonl", "kept"], Directory.GetFiles(prts.Scratch).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Export_OfADamagedLog_IsSavedAndExits1WithWhere()
    {
        await using var server = new FakeControlPlane(prts);
        var export = await ExportAsync(5);
        var (changed, known) = (export.Replace("\"V3\"", "\"V4\"", StringComparison.Ordinal), false);
        server.On("/api/v1/audit/export", context =>
        {
            if (known) context.Response.Headers["Prts-Audit-Damage"] = "entry 2 was removed";
            return FakeControlPlane.WriteAsync(context, changed);
        });
        var answer = await prts.RunAsync("audit", "export", "-o", "export.jsonl");
        Assert.Equal((1, ""), (answer.ExitCode, answer.Output));
        Assert.StartsWith("prts: the audit log is damaged: line 3 of the export: entry 3 was changed", answer.Error, StringComparison.Ordinal);
        Assert.Equal(changed, await File.ReadAllTextAsync(Path.Combine(prts.Scratch, "export.jsonl"), TestContext.Current.CancellationToken));
        answer = await prts.RunAsync("audit", "export");
        Assert.Equal((1, changed), (answer.ExitCode, answer.Output));

        changed = export[..(export.TrimEnd().LastIndexOf('\n') + 1)];
        answer = await prts.RunAsync("audit", "export");
        Assert.Equal((1, changed), (answer.ExitCode, answer.Output));
        Assert.Contains("ends after 5 entries without the checkpoint", answer.Error, StringComparison.Ordinal);
        known = true;
        foreach (var arguments in (string[][])[[], ["--format", "csv"], ["--actor", "ann"]])
        {
            answer = await prts.RunAsync(["audit", "export", .. arguments]);
            Assert.Equal(new Answer(1, changed, "prts: the audit log is damaged: entry 2 was removed\n"), answer);
        }
    }

    [Fact]
    public async Task List_OfAServer_ReadsPartAfterPart()
    {
        await using var server = new FakeControlPlane(prts);
        server.On("/api/v1/audit", context => FakeControlPlane.WriteAsync(context, JsonSerializer.Serialize(
            context.Request.QueryString["before"] is null ? new AuditPage([Entry(3), Entry(2)], 2) : new AuditPage([Entry(1)], null), Api.ApiJson.Options)));
        var answer = await prts.RunAsync("audit", "list", "--actor", "ann");
        Assert.Equal((0, ""), (answer.ExitCode, answer.Error));
        var rows = answer.Output.TrimEnd().Split('\n');
        Assert.Equal(["ENTRY", "3", "2", "1"], rows.Select(row => row.Split(' ')[0]));
        Assert.Contains("variable V3 in demo/hello", rows[1], StringComparison.Ordinal);
        Assert.Equal(["GET /api/v1/audit?take=50&actor=ann", "GET /api/v1/audit?take=48&before=2&actor=ann"], server.Requests);

        using var json = JsonDocument.Parse((await prts.RunAsync("audit", "list", "--json", "-n", "2")).Output);
        Assert.Equal((2, 3, "2026-11-23T12:00:03.000000Z", "new"), (
            json.RootElement.GetArrayLength(), json.RootElement[0].GetProperty("sequence").GetInt64(), json.RootElement[0].GetProperty("at").GetString(), json.RootElement[0].GetProperty("after").GetProperty("value").GetString()));
    }

    private static AuditEntry Entry(int n) => new AuditSource("acme", new(AuditActorKind.User, "7", "ann"), new(AuditVia.Cli, "192.0.2.7"))
        .Allowed("variable:set", AuditTarget.In("demo", "hello", "variable", $"V{n}"), after: new() { ["value"] = "new" }).Written(n, At.AddSeconds(n));

    private static IEnumerable<byte[]> Entries(int count) => Enumerable.Range(1, count).Select(n => Canonical.Bytes(Entry(n)));

    private async Task<Checkpoint> CheckpointAsync(int count)
    {
        var tree = new MerkleFrontier();
        foreach (var entry in Entries(count)) tree.Append(MerkleHash.Leaf(entry));
        return await Checkpoint.Sign("acme", count, tree.Root, At, key);
    }

    private async Task<string> ExportAsync(int count) => string.Concat(
        Entries(count).Select(entry => AuditLine.Of(entry, MerkleHash.Leaf(entry))).Append(AuditLine.Of(await CheckpointAsync(count))).Select(line => Encoding.UTF8.GetString(line) + "\n"));

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(prts.Scratch, name), text);

    private sealed class Key : IAuditKey, IDisposable
    {
        private readonly ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public AuditPublicKey Public => AuditPublicKey.From(ecdsa);

        Task<AuditPublicKey> IAuditKey.Public(CancellationToken cancellationToken) => Task.FromResult(Public);

        Task<byte[]> IAuditKey.Sign(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
            Task.FromResult(ecdsa.SignData(data.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

        public void Dispose() => ecdsa.Dispose();
    }
}
