using PRTS.Execution.Caches;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Tests;

/// <summary>The files that a cacheable step reads, as they lie in a workspace.</summary>
public sealed class StepInputsTests : IAsyncDisposable
{
    private const int Mutations = 10_000;
    private readonly TestMachine machine = new();
    private readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public async Task Key_TenThousandMutatedInputs_NoFalseHitAndNoFalseMiss()
    {
        var workspace = new Workspace(machine.Options, machine.Job(), JobUser.Own, TimeProvider.System);
        var source = Directory.CreateDirectory(Path.Combine(workspace.Checkout, "src")).FullName;
        var steps = new WorkspaceFiles(workspace);
        var random = new Random(20261124);
        for (var n = 0; n < Mutations; n++)
        {
            Mutate(source, random);
            var (files, links) = await steps.Read(["src"], TestContext.Current.CancellationToken);
            var (key, tree) = (KeyOf(files, links), Tree(source));
            Assert.True(seen.TryAdd(key, tree) || seen[key] == tree, $"after {n} changes two trees have one key:\n{tree}\n---\n{seen[key]}");
        }

        Assert.Equal(seen.Count, seen.Values.Distinct(StringComparer.Ordinal).Count());
        Assert.True(seen.Count > Mutations / 20, $"{seen.Count} trees");
    }

    private static void Mutate(string source, Random random)
    {
        var path = Path.Combine(source, random.Next(4) switch { 0 => "a", 1 => "b", 2 => "sub/a", _ => "sub/a b" });
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        switch (random.Next(6))
        {
            case 0:
                File.Delete(path);
                break;
            case 1 when File.Exists(path) && new FileInfo(path).LinkTarget is null:
                File.SetUnixFileMode(path, File.GetUnixFileMode(path) ^ UnixFileMode.UserExecute);
                break;
            case 2:
                File.Delete(path);
                File.CreateSymbolicLink(path, random.Next(2) == 0 ? "b" : "sub/a");
                break;
            case 3 when File.Exists(path) && new FileInfo(path).LinkTarget is null:
                File.Move(path, Path.Combine(source, random.Next(2) == 0 ? "b" : "moved"), overwrite: true);
                break;
            case 4:
                File.Delete(path);
                File.WriteAllText(path, new string((char)('a' + random.Next(3)), random.Next(4)));
                break;
            default:
                if (!File.Exists(path) || new FileInfo(path).LinkTarget is null)
                    File.AppendAllText(path, random.Next(2) == 0 ? "x" : "\0");
                break;
        }
    }

    /// <summary>Written down by other code than that which is tested.</summary>
    private static string Tree(string source) => string.Join('\n', Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path =>
        new FileInfo(path).LinkTarget is { } target
            ? $"{path} -> {target}"
            : $"{path} {File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute)} {Convert.ToHexString(File.ReadAllBytes(path))}"));

    private static string KeyOf(IReadOnlyList<StepFile> files, IReadOnlyList<(string Path, string Target)> links) => new StepFacts
    {
        Command = "make",
        Shell = "bash",
        Directory = "",
        Host = "linux/X64",
        Services = [],
        Variables = [],
        Inputs = ["src"],
        Outputs = ["out"],
        Files = files,
        Links = links,
    }.Key();
}
