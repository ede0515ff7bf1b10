using System.CommandLine;

namespace PRTS.Cli.Up;

internal static class UpCommand
{
    public static Command Create()
    {
        var detach = new Option<bool>("--detach", "-d") { Description = "Return when PRTS is ready, and leave it running" };
        var port = new Option<int?>("--port") { Description = "The HTTP port (5080); the next two are the cluster's", HelpName = "port" };
        var listen = new Option<string?>("--listen") { Description = "The address to listen on (127.0.0.1); 0.0.0.0 for every network of this machine", HelpName = "address" };
        var advertise = new Option<string?>("--advertise") { Description = "The address at which agents on other machines reach this one", HelpName = "address" };
        var database = new Option<string?>("--database") { Description = "Use this PostgreSQL instead of a cluster of our own", HelpName = "connection string" };
        var noAgent = new Option<bool>("--no-agent") { Description = "Start no agent on this machine" };
        var launcher = new Option<bool>("--as-launcher") { Hidden = true };
        var command = new Command("up", "Start PRTS on this machine") { detach, port, listen, advertise, database, noAgent, launcher };
        command.SetAction(async (parsed, _) =>
        {
            var home = Home.Find();
            var options = UpOptions.Resolve(
                home, parsed.GetValue(port), parsed.GetValue(listen), parsed.GetValue(advertise), parsed.GetValue(database), !parsed.GetValue(noAgent));
            return parsed.GetValue(detach)
                ? await DetachedLaunch.RunAsync([.. parsed.Tokens.Select(t => t.Value).Where(t => t is not ("up" or "--detach" or "-d"))])
                : await new UpRun(home, options, isDetached: parsed.GetValue(launcher)).RunAsync();
        });
        return command;
    }
}
