using Microsoft.Extensions.Options;

namespace MedCor.Clinical.Audit;

/// <summary>Registers the services that maintain the audit trail's chain.</summary>
internal static class AuditExtensions
{
    internal static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<AuditOptions>().BindConfiguration("Clinical").ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AuditOptions>, AuditOptionsValidator>();
        builder.Services.AddSingleton<AuditChain>().AddSingleton<AuditWriter>().AddSingleton<AuditAnchors>().AddHostedService<AuditChainWorker>();
    }
}
