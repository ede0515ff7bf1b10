using System.CommandLine;
using System.Globalization;
using PRTS.Audit.Checkpoints;
using PRTS.Audit.Verification;

namespace PRTS.Cli.Audit;

/// <summary><c>prts audit verify</c>: needs no server, for it is the server that is in question. 0: proven, 1: not, 2: invalid use.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var export = new Argument<string>("export") { Description = "A whole export as JSON (prts audit export)" };
        var checkpoint = new Option<string[]>("--checkpoint") { Description = "A checkpoint that was kept elsewhere; may be given several times", HelpName = "file", Required = true };
        var key = new Option<string[]>("--key") { Description = "The public key (prts audit key); without it the one in the checkpoint is trusted", HelpName = "file" };
        var command = new Command("verify", "Prove that an export is the log that a checkpoint was made of") { export, checkpoint, key };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(export);
            var kept = new List<Checkpoint>();
            foreach (var file in parsed.GetRequiredValue(checkpoint))
            {
                if (Checkpoint.Parse(Read(file, File.ReadAllBytes)) is not { } read)
                {
                    return NotProven($"{file} is no checkpoint, or was changed");
                }

                kept.Add(read);
            }

            var keys = (parsed.GetValue(key) ?? []).SelectMany(Keys).ToList();
            using var stream = Read(path, File.OpenRead);
            var verdict = ExportVerifier.Verify(stream, kept, keys);
            if (verdict.Fault is { } fault)
            {
                return NotProven($"{(fault.Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: ") : "")}{fault.Text}");
            }

            Tell(verdict);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static void Tell(AuditVerdict verdict)
    {
        var largest = verdict.Proven[^1];
        Console.Out.WriteLine($"proven: the export has {Entries(verdict.Entries)} of the tenant {largest.Tenant}, and nobody changed them");
        foreach (var kept in verdict.Proven)
        {
            Console.Out.WriteLine($"  {Entries(kept.Size)} by the checkpoint of {Time(kept)} that was kept elsewhere");
        }

        if (verdict.Closing is { } closing && closing.Size > largest.Size)
        {
            Console.Out.WriteLine($"  {Entries(closing.Size - largest.Size)} after that by the export's own checkpoint of {Time(closing)}, signed with the key {Convert.ToHexStringLower(closing.Key.Id)}");
        }
    }

    private static List<AuditPublicKey> Keys(string file)
    {
        var keys = AuditPublicKey.FromPem(Read(file, File.ReadAllText));
        return keys.Count > 0 ? [.. keys] : throw new UserError($"{file} has no public key as prts audit key writes it.", ExitCodes.Invalid);
    }

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{file} cannot be read: {error.Message}", ExitCodes.Invalid);
        }
    }

    private static int NotProven(string fault)
    {
        Console.Error.WriteLine($"prts: not proven: {fault}");
        return ExitCodes.Failed;
    }

    private static string Entries(long count) => count == 1 ? "1 entry" : string.Create(CultureInfo.InvariantCulture, $"{count} entries");

    private static string Time(Checkpoint checkpoint) => checkpoint.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
