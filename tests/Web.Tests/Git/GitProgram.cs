using System.Diagnostics;

namespace PRTS.Web.Tests.Git;

/// <summary>The real git, in a folder of its own, with nobody's configuration.</summary>
internal sealed class GitProgram : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("prts-git-").FullName;

    public async Task<(int ExitCode, string Output)> Try(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["HOME"] = Folder,
            ["LC_ALL"] = "C.UTF-8",
            ["GIT_AUTHOR_NAME"] = "Ann",
            ["GIT_AUTHOR_EMAIL"] = "ann@example.org",
            ["GIT_COMMITTER_NAME"] = "Ann",
            ["GIT_COMMITTER_EMAIL"] = "ann@example.org",
        }) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + errors);
    }

    public async Task<string> Run(string folder, params string[] arguments)
    {
        var (exitCode, output) = await Try(folder, arguments);
        Assert.True(exitCode == 0, $"git {string.Join(' ', arguments)}: {output}");
        return output.Trim();
    }

    /// <summary>A repository with one commit.</summary>
    public async Task<string> NewRepository(long payload = 10)
    {
        var work = Path.Combine(Folder, Path.GetRandomFileName());
        Directory.CreateDirectory(work);
        await Run(work, "init", "--quiet", "--initial-branch=main");
        var bytes = new byte[payload];
        Random.Shared.NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(work, "file.bin"), bytes);
        await Run(work, "add", ".");
        await Run(work, "commit", "--quiet", "-m", "First");
        return work;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
