using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Audit;

/// <summary>Registers what keeps an audit trail from being silenced or shortened unnoticed.</summary>
internal static class AuditProtection
{
    /// <summary>Adds the check of what is written, and the log and the archive of the chains' heads.</summary>
    /// <param name="service">The name of the service, in lower case.</param>
    internal static void AddAuditProtection(this IServiceCollection services, string service)
    {
        services.AddOptions<AuditArchiveOptions>().BindConfiguration("AuditArchive").ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuditArchiveOptions>, AuditArchiveOptionsValidator>();
        services.AddSingleton<AuditWriteCheck>().AddSingleton<AuditHeadLog>();
        services.AddSingleton(provider => new AuditHeadArchive(
            provider.GetRequiredService<IOptions<AuditArchiveOptions>>(), service, provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<AuditHeadPublisher>();
    }
}
