return await PRTS.Cli.CommandLine.RunAsync(args);
