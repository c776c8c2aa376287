using MedCor.AppHost.Processes;
using Microsoft.Extensions.Configuration;

namespace MedCor.AppHost.Hosting;

/// <summary>Sets how a project's program is started.</summary>
internal static class ServiceEnvironment
{
    // Aspire sets them so that development shows all; here they would put what patients write into traces.
    private static readonly string[] DisclosingVariables =
    [
        "OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION",
        "OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    ];

    private static readonly string[] ExporterVariables = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS"];

    /// <summary>Starts the built program itself. <c>dotnet run</c>, which Aspire would use, takes seconds and 130 MB for each one.</summary>
    public static IResourceBuilder<ProjectResource> UseBuiltProgram(this IResourceBuilder<ProjectResource> project) => project
        .WithAnnotation(new ExecutableAnnotation { Command = ExecutableLocator.DotNet, WorkingDirectory = Path.GetDirectoryName(project.Resource.GetProjectMetadata().ProjectPath)! })
        .WithArgs(project.Resource.GetBuiltProgramPath());

    /// <summary>Returns the path of the program that the project was built to.</summary>
    public static string GetBuiltProgramPath(this ProjectResource project)
    {
        var file = project.GetProjectMetadata().ProjectPath;
        // Built together with this program, so into a folder of the same name.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Path.GetDirectoryName(file)!, "bin", output.Parent!.Name, output.Name, Path.GetFileNameWithoutExtension(file) + ".dll");
    }

    /// <summary>Sets what every service is started with, and takes away what Aspire sets and a service with patients' data must not have.</summary>
    public static IResourceBuilder<ProjectResource> WithServiceEnvironment(
        this IResourceBuilder<ProjectResource> project, string service, int replica, bool hasDashboard, IConfiguration configuration) => project.WithEnvironment(context =>
    {
        var variables = context.EnvironmentVariables;
        variables["ASPNETCORE_ENVIRONMENT"] = variables["DOTNET_ENVIRONMENT"] = "Development";
        foreach (var name in DisclosingVariables) variables[name] = "false";

        // Replicas are one service for whoever reads telemetry.
        var instance = variables["MEDCOR_INSTANCE"] = $"{service}-{replica}";
        variables["OTEL_SERVICE_NAME"] = service;
        if (configuration[ExporterVariables[0]] is { Length: > 0 })
        {
            variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance}";
            foreach (var name in ExporterVariables)
            {
                if (configuration[name] is { Length: > 0 } value) variables[name] = value;
                else variables.Remove(name);
            }
        }
        else if (!hasDashboard)
        {
            foreach (var name in ExporterVariables) variables.Remove(name);
        }
        else if (project.Resource.Name != service)
        {
            // The dashboard joins name and id to the orchestrator's name of the resource, and so finds its telemetry.
            variables["OTEL_RESOURCE_ATTRIBUTES"] = $$$"""service.instance.id={{{replica}}}-{{- index .Annotations "otel-service-instance-id" -}}""";
        }
    });
}
