using Microsoft.Extensions.Options;

namespace MedCor.Identity.Mails;

/// <summary>Registers what sends mails.</summary>
internal static class MailServices
{
    internal static void AddMails(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<MailOptions>().BindConfiguration("").ValidateOnStart();
        services.AddSingleton<IValidateOptions<MailOptions>, MailOptionsValidator>();
        services.AddScoped<MailQueue>().AddScoped<AccountLinks>().AddSingleton<MailComposer>().AddSingleton<SmtpConnection>();
        services.AddHostedService<MailSender>();
    }
}
