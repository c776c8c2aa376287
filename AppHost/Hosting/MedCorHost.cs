using System.Globalization;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using MedCor.AppHost.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;

namespace MedCor.AppHost.Hosting;

/// <summary>Runs an application model in Aspire and adds MedCor's features: persistent data, restarts, a report and operator commands.</summary>
internal static class MedCorHost
{
    private const int WrongUsage = 2;
    private const int DefaultDashboardPort = 18888;

    // Services stop first, then servers; each group has its own time to stop.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Executes the command line and returns the exit code of the process.</summary>
    public static async Task<int> RunAsync(string[] args, Action<ApplicationModel> model)
    {
        var options = HostOptions.Parse(args);
        if (options.Help || options.Error is not null)
        {
            Console.WriteLine(options.Error is { } error ? $"{error}\n\n{HostOptions.Usage}" : HostOptions.Usage);
            return options.Error is null ? 0 : WrongUsage;
        }

        if (options.Command is { } command) return await OperatorCommands.RunAsync(command, options.Data);
        if (options.AspireArguments.Count > 0) return await PublishAsync(options, model);
        if (OperatingSystem.IsWindows())
        {
            Console.Error.WriteLine("Redis and RabbitMQ run here as processes of Linux or macOS. On Windows start this in WSL.");
            return 1;
        }

        using var report = new ConsoleReport(Console.Out, options.Quiet);
        try
        {
            await StartAsync(options, report, model);
            return 0;
        }
        catch (DistributedApplicationException failure)
        {
            Console.Error.WriteLine(failure.Message);
            return 1;
        }
        catch (Exception cancellation) when (cancellation.GetBaseException() is OperationCanceledException)
        {
            report.ReportStopped();
            return 0;
        }
    }

    private static async Task<int> PublishAsync(HostOptions options, Action<ApplicationModel> model)
    {
        var builder = DistributedApplication.CreateBuilder([.. options.AspireArguments]);
        model(new(builder, options, new ContainerServerProvider(builder, data: null, reset: false), data: null));
        await builder.Build().RunAsync();
        return 0;
    }

    private static async Task StartAsync(HostOptions options, ConsoleReport report, Action<ApplicationModel> model)
    {
        using var data = DataDirectory.Open(options.Data);
        report.ReportStarting(data.FullPath);
        using var shutdown = new ShutdownSignal();
        await StartedProcesses.TerminateLeftoversAsync(data, shutdown.Token);

        var builder = CreateBuilder(options, data, out var dashboard);
        var installation = new ServerPackages();
        var certificates = options.Tls ? DevelopmentCertificates.Of(data) : null;
        ServerProvider servers = UsesContainers(options)
            ? new ContainerServerProvider(builder, data, options.Reset)
            : new ProcessServerProvider(builder, data, options.Reset, installation, certificates);
        var host = new ApplicationModel(builder, options, servers, data) { Dashboard = dashboard?.Url, Certificates = certificates };
        if (certificates is not null) TrustInHealthChecks(builder.Services, certificates);
        model(host);
        host.PortWarnings.ForEach(report.WriteNote);
        await installation.InstallMissingAsync(report.WriteNote, report.WriteProgress, shutdown.Token);

        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton(data).AddSingleton(report).AddSingleton(host);
        await using var runFile = new RunStateFile(data, host, dashboard);
        builder.Services.AddSingleton(runFile).AddSingleton<StartedProcesses>();
        RetryingHealthCheck.AddTo(builder.Services);
        builder.Services.AddSingleton<ResourceSupervisor>().AddSingleton<ResourceLogFiles>().AddHostedService<OrderedShutdown>();
        await using var application = builder.Build();
        using var supervision = CancellationTokenSource.CreateLinkedTokenSource(shutdown.Token,
            application.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        // Watching starts before the first resource does.
        var watching = application.Services.GetRequiredService<ResourceSupervisor>().RunAsync(supervision.Token);
        try
        {
            await application.RunAsync(shutdown.Token);
        }
        finally
        {
            await supervision.CancelAsync();
            await watching;
        }

        report.ReportStopped();
    }

    /// <summary>Has Aspire's health checks of services trust the authority of the data directory.</summary>
    private static void TrustInHealthChecks(IServiceCollection services, DevelopmentCertificates certificates) =>
        services.PostConfigureAll<HttpClientFactoryOptions>(options => options.HttpMessageHandlerBuilderActions.Add(handler =>
            handler.PrimaryHandler = new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = certificates.IsTrusted } }));

    private static bool UsesContainers(HostOptions options) => options.Servers switch
    {
        _ when options.Tls => options.Servers != ServerKind.Containers ? false
            : throw new DistributedApplicationException("With --tls, the servers run as processes. Leave out --servers containers."),
        ServerKind.Processes => false,
        ServerKind.Automatic => ContainerServerProvider.IsEngineAvailable(),
        _ => ContainerServerProvider.IsEngineAvailable() ? true
            : throw new DistributedApplicationException(
                "No container engine answers: `docker info` and `podman info` fail. Start one, or run the servers with --servers processes."),
    };

    // Sets configuration and not environment variables, which the services and the servers' scripts would inherit.
    private static IDistributedApplicationBuilder CreateBuilder(HostOptions options, DataDirectory data, out RunState.DashboardAddress? dashboard)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--environment", "Development"], DisableDashboard = !options.Dashboard, AllowUnsecuredTransport = true,
            AssemblyName = typeof(MedCorHost).Assembly.GetName().Name, DashboardApplicationName = "MedCor",
        });
        var url = options.Dashboard
            ? string.Create(CultureInfo.InvariantCulture, $"http://localhost:{data.Ports.GetPort("dashboard", DefaultDashboardPort)}")
            : null;
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = url,
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:0",
            ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = "http://localhost:0",
            ["ASPIRE_VERSION_CHECK_DISABLED"] = "true",
            ["ASPIRE_DEVELOPER_CERTIFICATE_DEFAULT_TRUST"] = "false",
            // The report shows the progress.
            ["Logging:LogLevel:Default"] = "Warning",
            ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection"] = "Error",
            // On Ctrl+C before everything is up, this logger writes a stack trace; any other failure is thrown.
            ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "None",
            ["Logging:LogLevel:Aspire.Hosting.Dcp"] = "Error",
            ["Logging:LogLevel:Aspire.Hosting.Health"] = "Error",
            ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
        });
        builder.OnBeforeStart((starting, _) =>
        {
            // MedCor has its own certificates. Without this the dashboard, plain HTTP on loopback, warns that the developer certificate is not trusted.
#pragma warning disable ASPIRECERTIFICATES001 // An evaluation API; there is no other way yet.
            foreach (var resource in starting.Model.Resources)
                foreach (var certificate in resource.Annotations.OfType<HttpsCertificateConfigurationCallbackAnnotation>().ToArray())
                    resource.Annotations.Remove(certificate);
#pragma warning restore ASPIRECERTIFICATES001
            return Task.CompletedTask;
        });
        dashboard = url is null
            ? null
            : new(url, builder.Configuration["AppHost:BrowserToken"]!, $"{url}/login?t={builder.Configuration["AppHost:BrowserToken"]}");
        return builder;
    }
}
