using MedCor.Chat;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ChatDb>("chat", copies: [typeof(KnownHospitals), typeof(KnownUsers)]);

await builder.Build().RunMedCorService(args);
