using PRTS.Silo;
using PRTS.Silo.Configuration;
using PRTS.Silo.Startup;
using PRTS.Storage.Postgres;

try
{
    var options = ServerOptions.FromEnvironment();
    await using var foundation = await Foundation.Lay(options, TimeProvider.System);

    await using var app = Server.Build(options, foundation, args);
    await app.RunAsync();
    return 0;
}
catch (Exception problem) when (problem is InvalidSettingsException or UnusableDatabaseException or IOException or Npgsql.NpgsqlException)
{
    await Console.Error.WriteLineAsync($"prts-server: {problem.Message}");
    return 1;
}
