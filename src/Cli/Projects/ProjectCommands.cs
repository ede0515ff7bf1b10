using System.CommandLine;
using PRTS.Api.Projects;
using PRTS.Cli.Connection;
using PRTS.Cli.Terminal;

namespace PRTS.Cli.Projects;

internal static class ProjectCommands
{
    public static Command Create() => new("project", "Projects: a repository with its pipelines") { NewProject(), List(), Show(), Protect() };

    private static Command NewProject()
    {
        var name = ProjectName.Argument();
        var description = new Option<string>("--description") { Description = "One line about it", DefaultValueFactory = _ => "" };
        var branch = new Option<string>("--default-branch") { Description = "The main branch (main)", DefaultValueFactory = _ => "main" };
        var json = Options.Json();
        var command = new Command("create", "Create a project with an empty repository") { name, description, branch, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var project = parsed.GetRequiredValue(name);
            var body = new CreateProject
            {
                Org = project.Org,
                Name = project.Name,
                Description = parsed.GetRequiredValue(description),
                DefaultBranch = parsed.GetRequiredValue(branch),
            };
            var created = await api.PostAsync("api/v1/projects", body, CliJson.Default.CreateProject, CliJson.Default.ProjectSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(created);
            }
            else
            {
                Console.Out.WriteLine($"created {created.FullName}: git clone {created.CloneUrl}");
            }

            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command List()
    {
        var search = new Argument<string?>("text") { Description = "A part of the name or the description", Arity = ArgumentArity.ZeroOrOne };
        var (limit, json) = (Options.Limit(), Options.Json());
        var command = new Command("list", "List projects, each with its latest build") { search, limit, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var query = parsed.GetValue(search) is { } text ? $"?search={Uri.EscapeDataString(text)}" : "";
            var projects = await api.ListAsync("api/v1/projects" + query, CliJson.Default.PageProjectSummary, parsed.GetValue(limit), cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(projects);
                return ExitCodes.Succeeded;
            }

            var table = new Table("PROJECT", "LATEST BUILD", "", "DESCRIPTION");
            foreach (var project in projects)
            {
                var build = project.LatestBuild;
                table.Add(project.FullName, build is null ? "" : $"#{build.Number} {Say.Status(build.Status)}", Say.Ago(build?.CreatedAt), project.Description);
            }

            table.Print(Console.Out);
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Show()
    {
        var (name, json) = (ProjectName.Argument(), Options.Json());
        var command = new Command("show", "Show a project") { name, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = ApiClient.Connect();
            var project = await api.GetAsync(parsed.GetRequiredValue(name).ApiPath, CliJson.Default.ProjectSummary, cancellation);
            if (parsed.GetValue(json))
            {
                CliJson.Print(project);
                return ExitCodes.Succeeded;
            }

            Console.Out.WriteLine(project.FullName + (project.Description.Length > 0 ? $": {project.Description}" : ""));
            Console.Out.WriteLine($"  clone          {project.CloneUrl}");
            Console.Out.WriteLine($"  main branch    {project.DefaultBranch}");
            Console.Out.WriteLine($"  protected      {Protected(project)}");
            Console.Out.WriteLine(project.LatestBuild is { } build
                ? $"  latest build   #{build.Number} {Say.Status(build.Status)}, {Say.Ago(build.CreatedAt)}: {build.Message}"
                : "  no builds yet: push a commit with .prts/pipeline.yaml");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static Command Protect()
    {
        var (name, json) = (ProjectName.Argument(), Options.Json());
        var refs = new Argument<string[]>("refs") { Description = "Branches, and tags with tag: before them; patterns such as 'release/**' and 'tag:v*'", Arity = ArgumentArity.ZeroOrMore };
        var none = new Option<bool>("--none") { Description = "Protect nothing any more" };
        var command = new Command("protect", "Say which branches and tags only maintainers push to, in place of what was said before") { name, refs, none, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var patterns = parsed.GetRequiredValue(refs);
            if (patterns.Length == 0 != parsed.GetValue(none)) throw new UserError("Name what to protect, for example main 'release/**' 'tag:v*', or give --none.", ExitCodes.Invalid);
            using var api = ApiClient.Connect();
            var project = await api.PutAsync($"{parsed.GetRequiredValue(name).ApiPath}/protection", new RefProtection { Refs = patterns }, CliJson.Default.RefProtection, CliJson.Default.ProjectSummary, cancellation);
            if (parsed.GetValue(json)) CliJson.Print(project);
            else Console.Out.WriteLine($"{project.FullName}: protected {Protected(project)}");
            return ExitCodes.Succeeded;
        });
        return command;
    }

    private static string Protected(ProjectSummary project) => project.Protection.Refs.Count == 0 ? "nothing" : string.Join(", ", project.Protection.Refs);
}
