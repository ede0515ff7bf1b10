using PRTS.Execution.Connection;

namespace PRTS.Cli.Up;

internal static class Welcome
{
    public static void Show(Action<string> show, Home home, UpOptions options, AdminFile admin, bool isDetached)
    {
        var prts = Installation.Command;
        var git = new UriBuilder(options.ShownUrl) { Path = "/git/demo/hello.git" }.Uri;
        var trust = options.Tls == "self" ? ServerTrust.FileOf(home.Path) : null;
        show($"""

              PRTS is ready   {options.ShownUrl}
              user            {admin.User}
              password        {admin.Password}
              kept in         {home.AdminFile}{(trust is null ? "" : $"\n  certificate     {trust} ({prts} ca prints it for other machines)")}

              clone the sample   git{(trust is null ? "" : $" -c http.sslCAInfo={trust}")} clone {git}
              watch its build    {prts} build watch demo/hello#1
              stop PRTS          {(isDetached ? $"{prts} down" : $"Ctrl-C, or {prts} down from another terminal")}

            """);
    }
}
