using MedCor.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Authorization;
using MedCor.Identity.Duplicates;
using MedCor.Identity.Federation;
using MedCor.Identity.Keys;
using MedCor.Identity.Mails;
using MedCor.Identity.Merges;
using MedCor.Identity.Pages;
using MedCor.Identity.Patients;
using MedCor.Identity.Recovery;
using MedCor.Identity.ServiceAccounts;
using MedCor.Identity.Sessions;
using MedCor.Identity.Users;
using MedCor.Platform;
using MedCor.Platform.Exports;
using MedCor.Platform.LocalCopies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<IdentityDb>("identity", copies: typeof(HospitalCopies));
builder.AddKeys();
builder.AddSessions();
builder.AddAuthorizationServer();
builder.AddFederation();
builder.AddMails();
builder.AddRecovery();
builder.AddPages();
builder.AddServiceAccounts();
builder.Services.AddHostedService<PatientComparisonService>().AddHostedService<MergeReminder>();
builder.Services.AddScoped<LoginAddresses>().AddScoped<CurrentPasswordCheck>().AddScoped<BookingPauseClient>().AddScoped<RepresentedPatients>()
    .AddScoped<IExportedPeople, ExportedPeople>();

var app = builder.Build();
app.MapKeys();
app.MapSessions();
app.MapRecovery();
app.MapServiceAccounts();
await app.RunMedCorServiceAsync(args, configure: app =>
{
    app.UsePageLanguages().UseAuthorizationServer();
    // They read the secret, which a migration does not have.
    app.MapAuthorizationServer();
    app.MapPages();
});
