using System.Reflection;
using MedCor.Contracts;
using MedCor.Platform.OperatorCommands;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Audit;

/// <summary>Registers a service's audit trail: what writes it, what links it to chains, and the command that verifies it.</summary>
internal static class AuditExtensions
{
    /// <param name="service">The name of the service, in whose configuration section the secret is.</param>
    /// <param name="assembly">The assembly that may contain an <see cref="IAuditSubjects"/> and an <see cref="IAuditObserver"/>.</param>
    internal static void AddAudit(this WebApplicationBuilder builder, string service, Assembly assembly)
    {
        var (services, section) = (builder.Services, ServiceCatalogue.All.Single(s => s.Name == service).ProjectName);
        services.AddOptions<AuditOptions>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuditOptions>>(
            provider => new AuditOptionsValidator(section, provider.GetRequiredService<IHostEnvironment>()));
        services.AddSingleton<AuditChain>().AddSingleton<AuditWriter>().AddSingleton<AuditAnchors>().AddHostedService<AuditChainWorker>();
        services.AddOptions<AuditRetentionOptions>().BindConfiguration("Audit").ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<AuditPartitions>();
        services.AddAuditProtection(service);
        services.AddScoped<IAuditTrail, AuditTrail>().AddScoped<IOperatorCommand, VerifyAudit>();
        if (service != AuditCopies.Keeper) services.AddScoped<IOperatorCommand, CopyAudit>();
        foreach (var found in (Type[])[typeof(IAuditSubjects), typeof(IAuditObserver)])
            if (assembly.GetTypes().SingleOrDefault(t => t.IsAssignableTo(found) && t.IsClass) is { } implementation)
                services.AddScoped(found, implementation);
    }
}
