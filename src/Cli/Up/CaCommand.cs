using System.CommandLine;
using PRTS.Execution.Connection;

namespace PRTS.Cli.Up;

/// <summary><c>prts ca</c>: what other machines must trust to reach this PRTS over TLS.</summary>
internal static class CaCommand
{
    public static Command Create()
    {
        var command = new Command("ca", "Print the certificate that clients of this PRTS must trust (PEM)");
        command.SetAction(async (_, cancellation) =>
        {
            var file = ServerTrust.FileOf(Home.Find().Path)!;
            if (!File.Exists(file))
            {
                throw new UserError($"There is no {file}: PRTS here does not end TLS itself. PRTS_TLS=self makes a certificate, PRTS_TLS_CERT and PRTS_TLS_KEY use yours.");
            }

            await Console.Out.WriteAsync(await File.ReadAllTextAsync(file, cancellation));
            return ExitCodes.Succeeded;
        });
        return command;
    }
}
