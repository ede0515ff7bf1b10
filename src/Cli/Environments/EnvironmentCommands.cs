using System.CommandLine;
using System.Globalization;
using PRTS.Api.Environments;
using PRTS.Cli.Connection;
using PRTS.Cli.Projects;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Environments;

internal static class EnvironmentCommands
{
    public static Command Create() => new("environment", "Environments: where a project deploys to, and what that asks for")
    {
        List(), History(), Set(), Remove(),
    };

    private static Command List()
    {
        var (project, json) = (ProjectName.Argument(), Options.Json());
        var command = new Command("list", "List environments, each with what is there now") { project, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var environments = await api.GetAsync(parsed.GetRequiredValue(project).ApiPath + "/environments", CliJson.Default.IReadOnlyListEnvironmentSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(environments);
                return ExitCodes.Succeeded;
            }

            var table = new Table("ENVIRONMENT", "NOW", "COMMIT", "SINCE", "LAST", "ASKS FOR");
            foreach (var environment in environments)
            {
                table.Add(
                    environment.Name, environment.Current is { } now ? Number(now) : "-", environment.Current is { } at ? Say.Commit(at.Commit) : "-", Say.Ago(environment.Current?.FinishedAt),
                    environment.Latest is { } latest ? $"{Number(latest)} {Say.Status(latest.Status)}" : "-", Asked(environment.Settings));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command History()
    {
        var (project, name, limit, json) = (ProjectName.Argument(), Name(), Options.Limit(), Options.Json());
        var command = new Command("history", "List what was deployed to an environment, the newest first") { project, name, limit, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var deployments = await api.ListAsync(Path(parsed, project, name) + "/deployments", CliJson.Default.PageDeploymentSummary, parsed.GetValue(limit), cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(deployments);
                return ExitCodes.Succeeded;
            }

            var table = new Table("BUILD", "JOB", "STATUS", "REF", "COMMIT", "BY", "APPROVED BY", "FINISHED");
            foreach (var deployment in deployments)
            {
                table.Add(
                    Number(deployment), deployment.Job, Say.Status(deployment.Status), Say.Ref(deployment.Ref), Say.Commit(deployment.Commit), deployment.Actor,
                    string.Join(' ', deployment.Approvals.Select(approval => approval.By)), Say.Ago(deployment.FinishedAt));
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Set()
    {
        var (project, name, json) = (ProjectName.Argument(), Name(), Options.Json());
        var approvals = new Option<int>("--approvals") { Description = "How many people must approve (0)", HelpName = "count" };
        var approvers = new Option<string[]>("--approver") { Description = "Who can; may be repeated (everybody who may approve)", HelpName = "user" };
        var others = new Option<bool>("--no-self-approval") { Description = "Who started the build cannot approve it" };
        var wait = new Option<int>("--wait") { Description = "Minutes that each deployment waits (0)", HelpName = "minutes" };
        var branches = new Option<string[]>("--branch") { Description = "Branches that can be deployed, patterns, and tags such as tag:v*; may be repeated (all)", HelpName = "pattern" };
        var command = new Command("set", "Set what an environment asks of deployments; what is not given is not asked") { project, name, approvals, approvers, others, wait, branches, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var settings = new EnvironmentSettings
            {
                Approvals = parsed.GetValue(approvals),
                Approvers = parsed.GetValue(approvers) ?? [],
                AllowSelfApproval = !parsed.GetValue(others),
                WaitMinutes = parsed.GetValue(wait),
                Branches = parsed.GetValue(branches) ?? [],
            };
            var set = await api.PutAsync(Path(parsed, project, name), settings, CliJson.Default.EnvironmentSettings, CliJson.Default.EnvironmentSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(set);
            }
            else
            {
                Console.Out.WriteLine($"{set.Name} asks for {Asked(set.Settings)}");
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Remove()
    {
        var (project, name) = (ProjectName.Argument(), Name());
        var command = new Command("remove", "Forget what an environment asks of deployments") { project, name };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            await api.DeleteAsync(Path(parsed, project, name), cancellation);
            Console.Out.WriteLine($"{parsed.GetRequiredValue(name)} asks for nothing any more");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "The environment, for example production" };

    private static string Path(ParseResult parsed, Argument<ProjectName> project, Argument<string> name) =>
        $"{parsed.GetRequiredValue(project).ApiPath}/environments/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}";

    private static string Number(DeploymentSummary deployment) => $"#{deployment.Number.ToString(CultureInfo.InvariantCulture)}";

    private static string Asked(EnvironmentSettings settings)
    {
        var asked = new List<string>();
        if (settings.Approvals > 0)
        {
            asked.Add($"{settings.Approvals} {(settings.Approvals == 1 ? "approval" : "approvals")}{(settings.Approvers.Count > 0 ? $" of {string.Join(", ", settings.Approvers)}" : "")}{(settings.AllowSelfApproval ? "" : " by somebody else")}");
        }

        if (settings.WaitMinutes > 0)
        {
            asked.Add($"{settings.WaitMinutes} min of waiting");
        }

        if (settings.Branches.Count > 0)
        {
            asked.Add($"a branch like {string.Join(", ", settings.Branches)}");
        }

        return asked.Count == 0 ? "nothing" : string.Join("; ", asked);
    }
}
