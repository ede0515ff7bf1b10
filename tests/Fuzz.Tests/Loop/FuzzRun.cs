using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>Starts searches and reads what became of them.</summary>
internal static class FuzzRun
{
    /// <summary>What all objects of a search may take at once, in bytes.</summary>
    private const long Heap = 512L << 20;

    public static async Task<FuzzReport> Search(InstrumentedCopy copy, FuzzOrder order)
    {
        Directory.CreateDirectory(order.Folder);
        var start = new ProcessStartInfo(copy.Program)
        {
            ArgumentList = { FuzzProcess.Verb, order.ToJson() },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment =
            {
                ["DOTNET_GCHeapHardLimit"] = Heap.ToString("x", CultureInfo.InvariantCulture),
                ["DOTNET_gcServer"] = "0",
                ["DOTNET_TieredPGO"] = "0",
                ["DOTNET_DbgEnableMiniDump"] = "0",
                // What the target leaves when the process dies goes with the folder.
                ["TMPDIR"] = order.Folder,
            },
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode is 0 or Guard.TookTooLong) return JsonSerializer.Deserialize<FuzzReport>(await File.ReadAllTextAsync(order.Report))!;
        // A stack that overflows, for example, ends the process at once.
        var said = await output + await errors;
        return new(0, 0, 0, 0, 0, 0, [new($"The process ended with {process.ExitCode}:\n{said[..Math.Min(said.Length, 4000)]}", Guard.Read(order.Current))]);
    }

    /// <summary>Empty when there are none. Inputs are kept in <c>out/fuzz</c>, so that they can be looked at and become regression cases.</summary>
    public static string Describe(FuzzOrder order, FuzzReport report)
    {
        var text = new StringBuilder();
        foreach (var finding in report.Findings)
        {
            var kept = Path.Combine(Kept, order.Target, Convert.ToHexStringLower(SHA256.HashData(finding.Input))[..16]);
            Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
            File.WriteAllBytes(kept, finding.Input);
            text.Append(CultureInfo.InvariantCulture, $"{order.Target}, seed {order.Seed}, {finding.Input.Length} bytes in {kept}:\n{finding.What}\n");
            text.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(finding.Input.AsSpan(0, Math.Min(finding.Input.Length, 600)))}\n\n");
        }

        return text.ToString();
    }

    private static string Kept
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PRTS.sln"))) folder = folder.Parent;
            return Path.Combine(folder?.FullName ?? Path.GetTempPath(), "out", "fuzz");
        }
    }
}
