using System.CommandLine;
using PRTS.Api.Agents;
using PRTS.Cli.Connection;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Agents;

internal static class AgentCommands
{
    public static Command Create() => new("agent", "Agents: the machines that run jobs")
    {
        List(),
        Order("drain", "Give an agent no new jobs; it finishes what it runs", "takes no new jobs"),
        Order("resume", "End a drain", "takes jobs again"),
        Token(),
        StartAgentCommand.Create(),
    };

    private static Command List()
    {
        var json = Options.Json();
        var command = new Command("list", "List agents") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var agents = await api.GetAsync("api/v1/agents", CliJson.Default.IReadOnlyListAgentSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(agents);
                return ExitCodes.Succeeded;
            }

            var table = new Table("AGENT", "STATUS", "SLOTS", "LABELS", "SEEN", "RUNS");
            foreach (var agent in agents)
            {
                table.Add(
                    agent.Name, agent.Status.ToString().ToLowerInvariant(), $"{agent.Running.Count}/{agent.Slots}",
                    string.Join(' ', agent.Labels), Say.Ago(agent.LastSeenAt), string.Join(' ', agent.Running));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Order(string verb, string description, string effect)
    {
        var name = new Argument<string>("name") { Description = "The agent's name" };
        var json = Options.Json();
        var command = new Command(verb, description) { name, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var path = $"api/v1/agents/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}/{verb}";
            var agent = await api.PostAsync(path, CliJson.Default.AgentSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(agent);
            }
            else
            {
                Console.Out.WriteLine($"{agent.Name} {effect}");
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Token()
    {
        var name = new Option<string?>("--name") { Description = "The only name that the agent may take", HelpName = "name" };
        var label = new Option<string[]>("--label") { Description = "A label that the agent gets; may be repeated", HelpName = "label", DefaultValueFactory = _ => [] };
        var expires = new Option<int?>("--expires") { Description = "Hours until the token expires", HelpName = "hours" };
        var tenant = new Option<string?>("--tenant") { Description = "For the operator: the tenant whose agent it will be, if not your own", HelpName = "name" };
        var json = Options.Json();
        var command = new Command("token", "Make a token with which one agent joins") { name, label, expires, tenant, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var body = new CreateAgentToken { Name = parsed.GetValue(name), Labels = parsed.GetRequiredValue(label), ExpiresInHours = parsed.GetValue(expires), Tenant = parsed.GetValue(tenant) };
            var token = await api.PostAsync("api/v1/agents/tokens", body, CliJson.Default.CreateAgentToken, CliJson.Default.AgentToken, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(token);
            }
            else
            {
                Console.Out.WriteLine($"Run this on the machine that shall join, within {Say.Duration(token.ExpiresAt - TimeProvider.System.GetUtcNow())}:\n\n  {token.Command}\n");
                if (token.ThisMachineOnly)
                {
                    Console.Error.WriteLine("prts: this works on this machine alone: for others, start PRTS with ./prts up --listen 0.0.0.0 --advertise IP");
                }
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }
}
