using System.CommandLine;
using System.Globalization;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Agents;

/// <summary><c>prts agent start</c>: becomes the agent, in the foreground, so that any service manager can hold it.</summary>
internal static class StartAgentCommand
{
    public static Command Create()
    {
        var url = new Option<string?>("--url") { Description = "The control plane's address", HelpName = "url" };
        var token = new Option<string?>("--token") { Description = "The join token; needed at the first start only", HelpName = "token" };
        var name = new Option<string?>("--name") { Description = "The agent's name (this host's)", HelpName = "name" };
        var labels = new Option<string?>("--labels") { Description = "Labels that jobs can ask for", HelpName = "a,b,c" };
        var slots = new Option<int?>("--slots") { Description = "How many jobs run at once (one a core)", HelpName = "count" };
        var address = new Option<string?>("--address") { Description = "The IP address at which the control plane reaches this machine (the one used towards it)", HelpName = "address" };
        var home = new Option<string?>("--home") { Description = "Where the agent keeps its key and its work", HelpName = "directory" };
        var command = new Command("start", "Run an agent on this machine") { url, token, name, labels, slots, address, home };
        command.SetAction(parsed =>
        {
            if (!File.Exists(Installation.Agent))
            {
                throw new UserError($"{Installation.Agent} is missing. Start with the script ./prts of the checkout, which builds it.");
            }

            Environment.SetEnvironmentVariable("PRTS_HOME", Home.Find().Path);
            Environment.SetEnvironmentVariable("PRTS_SUPERVISOR", Environment.GetEnvironmentVariable("PRTS_SUPERVISOR") ?? Installation.Supervisor);
            Set("PRTS_URL", parsed.GetValue(url));
            Set("PRTS_TOKEN", parsed.GetValue(token));
            Set("PRTS_AGENT_NAME", parsed.GetValue(name));
            Set("PRTS_AGENT_LABELS", parsed.GetValue(labels));
            Set("PRTS_AGENT_SLOTS", parsed.GetValue(slots)?.ToString(CultureInfo.InvariantCulture));
            Set("PRTS_AGENT_ADDRESS", parsed.GetValue(address));
            Set("PRTS_AGENT_HOME", parsed.GetValue(home));
            return Unix.Become(Installation.Agent, []);
        });
        return command;
    }

    private static void Set(string variable, string? value)
    {
        if (value is not null)
        {
            Environment.SetEnvironmentVariable(variable, value);
        }
    }
}
