BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "_sqlx_migrations" VALUES(1,'house','2026-11-30 07:44:38',1,X'F08E34324FDC85981C05A69AA9227D34644946173E2BE4CFE671888AD2D692B202B6E506937E02DAAE5012EBB2BA7DCE',2615840);
INSERT INTO "_sqlx_migrations" VALUES(2,'openid','2026-11-30 07:44:38',1,X'1DEBE6444B85C463627BB7C04C5309E1BEA22E90E4C30CE24A68D1B1888406A006AC8680DA5B947057DBDB0A966D26F8',40439989);
INSERT INTO "_sqlx_migrations" VALUES(3,'limits','2026-11-30 07:44:38',1,X'AC6739BD4EFFA2141753697D54581AB6CC2E212BC233F261383AF2C908FEFE8FE17B419E1C792F27C3997E250ACC14AD',1728580);
INSERT INTO "_sqlx_migrations" VALUES(4,'trust','2026-11-30 07:44:38',1,X'8FCC48461D689B8D5E75A3ED18DBAB2096E39BA109BCBF5087EDD159C95C87982C047DD330C0A9220B94F3AC2E7D7342',1716402);
INSERT INTO "_sqlx_migrations" VALUES(5,'revocation','2026-11-30 07:44:38',1,X'D68E875211212654CBCD0ED6D8A78A21892428E27E5A6B8273898F5881A8AB5C53E45219C340A1D34C0C5CC6727D30F7',2532566);
INSERT INTO "_sqlx_migrations" VALUES(6,'mail','2026-11-30 07:44:38',1,X'C56602A9594E769AC03C4B2AB1E5E84959C091C5D8BDE217389FA6760FAB1934C918CB006466348AE0B3D36AEF4307A0',1100416);
INSERT INTO "_sqlx_migrations" VALUES(7,'webhooks','2026-11-30 07:44:38',1,X'72B82DA6AA3BB876E712D941EE20399687B4FE07D61B71C2299F7C9147F25DEE102D85173A877CBCC4661D9B0C979F9A',1855178);
INSERT INTO "_sqlx_migrations" VALUES(8,'opaque tokens by client','2026-11-30 07:44:38',1,X'E10F77FCCE3DD9059D5E14CCC3B1BE6AE0981A02C71D5F638728343D6F9E85B6D06FE4D97EA00353B2C9E71BCFD227D4',555436);
CREATE TABLE address_blocks (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    network    TEXT NOT NULL,
    reach      TEXT NOT NULL CHECK (reach IN ('everything', 'sign-in')),
    reason     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, network)
) STRICT, WITHOUT ROWID;
INSERT INTO "address_blocks" VALUES('default','192.0.2.0/24','everything','flood',1796024682067,1796067882067);
CREATE TABLE audit_chains (
    realm_id TEXT NOT NULL PRIMARY KEY REFERENCES realms (id),
    seq      INTEGER NOT NULL CHECK (seq >= 0),
    hash     BLOB CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_chains" VALUES('default',56,X'45EFAAE5B45ED1FE5D484B04B9674CF3F5E80F466AE805A85E0155E0D65A27AD');
CREATE TABLE audit_checkpoints (
    realm_id TEXT NOT NULL REFERENCES realms (id),
    number   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    at       INTEGER NOT NULL,
    signed   TEXT NOT NULL,
    PRIMARY KEY (realm_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_checkpoints" VALUES('default',1,2,X'972E358B52B3AF7F4237D2ACD5A51CF6E788542AD6FA9908836A3D0A25267DFB',1796024678856,'eyJ0eXAiOiJhdWRpdC1jaGVja3BvaW50K2p3dCIsImFsZyI6IkVTMjU2Iiwia2lkIjoidlhYdk1LNjg2Qmx0aXE0TEMyZ21KcjFtLVNOZ1ZLSkxud05YcEN4ODlfayJ9.eyJyZWFsbSI6ImRlZmF1bHQiLCJhdCI6MTc5NjAyNDY3ODg1NiwiZmlyc3QiOnsic2VxIjowLCJoYXNoIjoiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSJ9LCJsYXN0Ijp7InNlcSI6MiwiaGFzaCI6Imx5NDFpMUt6cjM5Q045S3MxYVVjOXVlSVZDclctcGtJZzJvOUNpVW1mZnMifSwidW5jaGFpbmVkIjowfQ.32CAAWqNSlhKM6w6a76c1OIqbKZ-2HF7cS2p-d4t1hc0fIatIKXqmnfW68eK_CosDDr6jWVvQelWKLePpRC5-A');
CREATE TABLE audit_events (
    id         TEXT PRIMARY KEY,
    realm_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    event      TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('success', 'failure')),
    actor      TEXT NOT NULL,
    user_id    TEXT,
    client_id  TEXT,
    session_id TEXT,
    address    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    reason     TEXT NOT NULL
, seq INTEGER, hash BLOB) STRICT, WITHOUT ROWID;
INSERT INTO "audit_events" VALUES('-q02TNtGSQOgKEMONucSuQ','default',1796024683448,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'MvZawEdTb9zBG4ybdiC7pw','127.0.0.1','Python-urllib/3.11','KY8FVV9k6VO_','',37,X'D37FB16572BA120E73F80396D43EC11A5A9BF6780CDFABB89B96FAC6B0A348FE');
INSERT INTO "audit_events" VALUES('0Q_pksU0avIoRkdOi_Niqw','default',1796024683470,'token.revoked','success','client','dlJkG92huyBM84_UObGkxA','first-party',NULL,'127.0.0.1','Python-urllib/3.11','0ywjMKIVvEtG','AAABoitpy8p0NTdgTdkUgdyGU4KH3Ctq',41,X'BBDBD6337B36794B85CED288248D9A7F2E484D37392E36D2A98E3196A81F75FA');
INSERT INTO "audit_events" VALUES('1qcNN8CiUlCbMgp_3BVRGg','default',1796024683433,'consent','success','user','dlJkG92huyBM84_UObGkxA','pairwise','28Bsou1nHvfV7Da98RSMmw','127.0.0.1','Python-urllib/3.11','YwvpREZJEKOn','openid email offline_access',35,X'9D39FCC3CCCC976754E268D2F31999F148B4FD79DE78B54B3E336B8A6BBF1FAC');
INSERT INTO "audit_events" VALUES('5KkIGW58nGNtykdzC3i63A','default',1796024680894,'client.added','success','command',NULL,'first-party',NULL,'','','','',11,X'24FC171BBD711D755459DB39628805C4209B51E6E01E94EBED9C5CD9152F6D41');
INSERT INTO "audit_events" VALUES('5OQKky69lBROkxvKLSn9yQ','default',1796024683583,'login','success','user','rJr0MSGuHcDQLQs7L1HnPg',NULL,'vf3KskPJOCJZVgxGxVqxNg','127.0.0.1','Python-urllib/3.11','SDlNYj31rztY','password',45,X'AD9A5589C9C1ADB846977830C402BA570B65BB1B332AEDB83FF5135AE450779A');
INSERT INTO "audit_events" VALUES('5UMknWEA1eO1G1p9zrABUw','default',1796024682768,'client.added','success','client',NULL,'7FnkgmvMcsoYiVAQoAHp7g',NULL,'127.0.0.1','Python-urllib/3.11','-ftK7oMlmV-y','registration',21,X'5B29C111FDACE6ABB7D042ADB26FC833DF959F921EAE70B9C058F6158C1B42E7');
INSERT INTO "audit_events" VALUES('7dDsGCPJWZrX2mTqaBywwA','default',1796024682513,'initial_token.made','success','command',NULL,NULL,NULL,'','','','',20,X'342E68A995DC37278E9EF44DCD9E3C98BA3E341C725111A2E4B6077A76DDCB81');
INSERT INTO "audit_events" VALUES('7wSOLYWdP4Hnrewm84lr9g','default',1796024680416,'client.added','success','command',NULL,'web',NULL,'','','','',10,X'AF6C61092AC24BBAC7583273ED52E52276A0B1B4F2A5107C3456479F5F89CFEB');
INSERT INTO "audit_events" VALUES('850Hll17HEy5ATmD5Udvyg','default',1796024683462,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'HzGEMuyF9KMRX_js6KN5aw','127.0.0.1','Python-urllib/3.11','qm7mOD3DUSuv','password',39,X'0D33CF09478A2A3AA0596B5EC71D15AC23734758CFD72CAF71A440B7E0FBDAC6');
INSERT INTO "audit_events" VALUES('CHJScXeg6VijjvYkgHTtlw','default',1796024683448,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'MvZawEdTb9zBG4ybdiC7pw','127.0.0.1','Python-urllib/3.11','KY8FVV9k6VO_','password',36,X'B7440322BF6D88E59C19BE926D81829E786D47A034C681705CC03D5C33B6812F');
INSERT INTO "audit_events" VALUES('GwwdZD12xAbF8rF9wxv1-Q','default',1796024683208,'consent','success','user','dlJkG92huyBM84_UObGkxA','spa','ezGbokj-C2k9eu4McewugA','127.0.0.1','Python-urllib/3.11','XGQeiojNrvmL','openid email offline_access',29,X'4BCECADB18B2E0F677A3DE21B965E9D4761EDE5DCADFEF0083CE871CB9BF0821');
INSERT INTO "audit_events" VALUES('JSMi4N3y1mToxUB1fXrVyA','default',1796024682824,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'5sxofVMdrH2aRbQKd9E_CA','127.0.0.1','Python-urllib/3.11','BKp39jtXJ8oa','password',22,X'9296416B1EBFE72E5E30BAAD18E5FCC3CF10459C7220FA3F254C0FC1BDF0EC7C');
INSERT INTO "audit_events" VALUES('M1VTzznY2QEsLDgTVt9PPw','default',1796024681807,'claim_mapper.added','success','command',NULL,NULL,NULL,'','','','',17,X'1AE41C9C9EF5EFF24AD50F08FED8FD3AD04556432EFF72E756364EF0CD82F885');
INSERT INTO "audit_events" VALUES('PAXjioKLh92BZ7YshJs5dA','default',1796024683167,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'ezGbokj-C2k9eu4McewugA','127.0.0.1','Python-urllib/3.11','JZNogLcb7Qw5','password',27,X'409039D9DC616396240BD903694E9ECD42A670B72A2222B0FB0DED05E5B18CEF');
INSERT INTO "audit_events" VALUES('PS60wQNNRv5vom63p1hMOg','default',1796024679621,'user.added','success','command','fsJiJIwO3DD2Dm0PFG1cwg',NULL,NULL,'','','','',7,X'D5C4EABA9DF2725DF4F35FB3353D81CB46777E62659491510F3FCA0ABE6152E7');
INSERT INTO "audit_events" VALUES('Rki7EgqskEjYHiNl_fZ9Uw','default',1796024683483,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'NeKMxYr9TuyDTAAbUKeWeg','127.0.0.1','Python-urllib/3.11','hrG5sqVY19gU','password',42,X'A68FC57C58FDD89882823325B82D10F2C7C2C4C1EF2D17B4267696C46048D90D');
INSERT INTO "audit_events" VALUES('S_ckPBxkLY0tHGaQBMsfjg','default',1796024684207,'client.disabled','success','command',NULL,'gone',NULL,'','','','',51,X'4BF97EEF857E7FA8E8D38106DC07A595CCC008A7603794BD189322957755185F');
INSERT INTO "audit_events" VALUES('UMPgHLmoFcg6H3OwoXidew','default',1796024681331,'client.added','success','command',NULL,'pairwise',NULL,'','','','',15,X'E102EE5BC5DEE717F95498C524A6293E0717035EF4FAB269B4C082DED2B3A60D');
INSERT INTO "audit_events" VALUES('UvPkDcrwyz6eSusG9nJzLQ','default',1796024683989,'user.signed_out','success','command','fsJiJIwO3DD2Dm0PFG1cwg',NULL,NULL,'','','','signed out: lost',50,X'3FD14D5F690F6DDA5F84980A7BEE21BD41289628D54B078A9DB1805680A3568B');
INSERT INTO "audit_events" VALUES('Uvdn9oP1KXX57dli_z8wcA','default',1796024682824,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'5sxofVMdrH2aRbQKd9E_CA','127.0.0.1','Python-urllib/3.11','BKp39jtXJ8oa','',23,X'6D5528DA9DF93961D6A13D99568FF4846025E05694A74FEAA314D971726CDBE4');
INSERT INTO "audit_events" VALUES('WaWBQuaFhXw3qI2183Ieww','default',1796024683544,'login','failure','user','rJr0MSGuHcDQLQs7L1HnPg',NULL,NULL,'127.0.0.1','Python-urllib/3.11','rI5SSHVtEvGh','wrong credentials',44,X'EB8368A4A28666C8F013DDC10D258EAEA030B19E0DB1B5781E66F37374734CA3');
INSERT INTO "audit_events" VALUES('WiMMbMBNWosCzxeQFOSM7Q','default',1796024683367,'consent','success','user','dlJkG92huyBM84_UObGkxA','opaque','D7jixiOuldps0jFo_w0gGA','127.0.0.1','Python-urllib/3.11','3UswelvqH9oy','openid offline_access',32,X'20411F4960AC60EFEE98D18136A7DE06819348FCA4700F9E24B9F9C021980077');
INSERT INTO "audit_events" VALUES('X7gYR3wwjs4VB2SMIhfgxQ','default',1796024681581,'client.added','success','command',NULL,'gone',NULL,'','','','',16,X'865FB48680E88A8FEB229A5E45E41AAC8DA5D5E5EC1A054699CD9121911F1574');
INSERT INTO "audit_events" VALUES('aiBXoJZOmGv7Gtb5cY9VRQ','default',1796024683462,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'HzGEMuyF9KMRX_js6KN5aw','127.0.0.1','Python-urllib/3.11','qm7mOD3DUSuv','',40,X'6C68EB8F039FABB69D9812207BE106CE5DF30E9A867393262841ED7BAC375044');
INSERT INTO "audit_events" VALUES('bAHMZ8QMtcVizfof-xddKQ','default',1796024682848,'consent','success','user','dlJkG92huyBM84_UObGkxA','web','5sxofVMdrH2aRbQKd9E_CA','127.0.0.1','Python-urllib/3.11','orfE7zZc_TW2','openid email offline_access',24,X'6B7513F292CE18349FED778DB6EE56FE904852A339E640297A8147C72FA327F9');
INSERT INTO "audit_events" VALUES('bIwcIRBfA-J6Q6BS1RTeow','default',1796024681172,'client.added','success','command',NULL,'service',NULL,'','','','',13,X'4BFD2974AEF352D28ADE33E3187A3EFE03ABB8412003CAD46DA546D30D6B19C4');
INSERT INTO "audit_events" VALUES('bU8-tnSwCNMyZrpIH3atng','default',1796024682067,'address.blocked','success','command',NULL,NULL,NULL,'','','','192.0.2.0/24: flood',18,X'447F97F925316207050F355F22F73AB6FCF1E97CA1A5242485EB4199BCC2AFC8');
INSERT INTO "audit_events" VALUES('beeQLevtW8kPPRWqKfznBA','default',1796024681081,'client.added','success','command',NULL,'spa',NULL,'','','','',12,X'97387A9F05DAA6478E6CCF2D78F7D467FCB98AF54923420B12401FC2A40CB73D');
INSERT INTO "audit_events" VALUES('c6xFXkJyaA4iJQ7o095YGQ','default',1796024679985,'user.added','success','command','U0o9Loey5kO5fiCVpN3OcA',NULL,NULL,'','','','',8,X'125F5B2F5C0101C1BF3C3AFF77094426AF1469F65541BA563CC60F4A377D08C4');
INSERT INTO "audit_events" VALUES('cJWQXIdG78Q-0AcQM9TtqQ','default',1796024683905,'user.disabled','success','command','rJr0MSGuHcDQLQs7L1HnPg',NULL,NULL,'','','','',49,X'FDF9A87DF8CBAB25FC063BF7F87017B5185B99BADFF373FD78023B6887F7AB35');
INSERT INTO "audit_events" VALUES('dpxE6fdgjcqviFXiCv2CHA','default',1796024683704,'login','success','user','fsJiJIwO3DD2Dm0PFG1cwg',NULL,'HnjDj7Y4_GBJKAHcEEJ6iw','127.0.0.1','Python-urllib/3.11','8sKGlrjkSNGR','password',47,X'EEE045E68345413AF9643722AAAC6BA6E732D692411CD470E1CF59FC45D63854');
INSERT INTO "audit_events" VALUES('em0Ih1J7NfqbGtE91ZltwA','default',1796024683386,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'28Bsou1nHvfV7Da98RSMmw','127.0.0.1','Python-urllib/3.11','_9SPNVlqqCw5','',34,X'A7535C9019633988734094161280F657325C78051D9C840D73CB1B52DA1E6E70');
INSERT INTO "audit_events" VALUES('f-ahkkjG1RFrAqNh2lxQQg','default',1796024683483,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'NeKMxYr9TuyDTAAbUKeWeg','127.0.0.1','Python-urllib/3.11','hrG5sqVY19gU','',43,X'27694E5F2C58D06D839569281A5A08F754C9E648AB5CD79760A72CD69A80D243');
INSERT INTO "audit_events" VALUES('fAkQaNS_Z76stv-EX-GjIA','default',1796024683583,'login.new_device','success','user','rJr0MSGuHcDQLQs7L1HnPg',NULL,'vf3KskPJOCJZVgxGxVqxNg','127.0.0.1','Python-urllib/3.11','SDlNYj31rztY','',46,X'F24E764CB59853DCADCC14A350E415F9B1951E7C8F48A75F58891D051775A932');
INSERT INTO "audit_events" VALUES('gQ6MkgPhl4dSCCGe25er0w','default',1796024683167,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'ezGbokj-C2k9eu4McewugA','127.0.0.1','Python-urllib/3.11','JZNogLcb7Qw5','',28,X'19F45070AB52EB6687FDCC3C17127463E0008C13DD208D771734F798FC73BEE1');
INSERT INTO "audit_events" VALUES('ig06CObbXa5qjE5Qrwo2cQ','default',1796024683361,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'D7jixiOuldps0jFo_w0gGA','127.0.0.1','Python-urllib/3.11','wy8lAFPlHH25','',31,X'9599793FE49DBB9A9E8E6B10BCBE9C78C19AD92BD3662F99B4E01C9AADC9A54F');
INSERT INTO "audit_events" VALUES('j0nDCsCo4av1PPnCiAhBgQ','default',1796024683361,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'D7jixiOuldps0jFo_w0gGA','127.0.0.1','Python-urllib/3.11','wy8lAFPlHH25','password',30,X'EC793AED20A71AF4531003DF6D288D6C983BA3572A8B126A89774085DC3C27FA');
INSERT INTO "audit_events" VALUES('jqJPWkTis4BbQBBuVejVeg','default',1796024679295,'user.added','success','command','rJr0MSGuHcDQLQs7L1HnPg',NULL,NULL,'','','','',6,X'BA0883E7C425901FC2EF8BC1408259FD7421968AE8401AFEB0424C9C51CA4154');
INSERT INTO "audit_events" VALUES('key.announced-0vSg7wBmwAUMhK3GEcaBNDBoXlp7YKfDvK4GdWQT1a0-1796024678876','default',1796024678876,'key.announced','success','system',NULL,NULL,NULL,'','','','0vSg7wBmwAUMhK3GEcaBNDBoXlp7YKfDvK4GdWQT1a0',9,X'1E370DA16A2B83156B3973E9671AFB61DEED5866EB95CF74DF4FCABABC49A2A6');
INSERT INTO "audit_events" VALUES('key.announced-8vYCINWGrc-V8Jl7qnBNmdTMKYnRt-ISrXaETROvIPk-1796024684471','default',1796024684471,'key.announced','success','system',NULL,NULL,NULL,'','','','8vYCINWGrc-V8Jl7qnBNmdTMKYnRt-ISrXaETROvIPk',54,X'12DEF1F2337371948AED7CC7C4D27D3EA82FB0F0E2768C5A00E81F6F0CFD59EF');
INSERT INTO "audit_events" VALUES('key.announced-A1gT_axOB3iAOtk_5feu0467cb9U9u7RyWjLZPfFLsM-1796024678876','default',1796024678876,'key.announced','success','system',NULL,NULL,NULL,'','','','A1gT_axOB3iAOtk_5feu0467cb9U9u7RyWjLZPfFLsM',4,X'971C5FC2C57F55CA260D639EEB07B389BB4923BC479F54808E2A9E1C00C2B843');
INSERT INTO "audit_events" VALUES('key.announced-INYfGuP7rx7I2k4mP5UrK29ZOBkRQAfQ428e9PwE5QQ-1796024678332','default',1796024678332,'key.announced','success','system',NULL,NULL,NULL,'','','','INYfGuP7rx7I2k4mP5UrK29ZOBkRQAfQ428e9PwE5QQ',2,X'972E358B52B3AF7F4237D2ACD5A51CF6E788542AD6FA9908836A3D0A25267DFB');
INSERT INTO "audit_events" VALUES('key.announced-XSJ3w8qOa91oQpzYn2se7wayrcp-Zf-pM39KPSj4KNI-1796024684471','default',1796024684471,'key.announced','success','system',NULL,NULL,NULL,'','','','XSJ3w8qOa91oQpzYn2se7wayrcp-Zf-pM39KPSj4KNI',53,X'E1B1A96F001FE4D51315508E9F926F3EF7ABB9BEB9D2268B849FAC16A5EB79C6');
INSERT INTO "audit_events" VALUES('key.announced-cpedaULvu8T16tk_NRhdkh_mEsRr-AFYUZjNRTOw970-1796024684471','default',1796024684471,'key.announced','success','system',NULL,NULL,NULL,'','','','cpedaULvu8T16tk_NRhdkh_mEsRr-AFYUZjNRTOw970',55,X'F804FAE9C6F83C43C0AE67A169D1A4014B7ACFFD25CA8CCDEF43663E7D008112');
INSERT INTO "audit_events" VALUES('key.announced-gk6j8THteV_wg2d6eB6o5Gs-f-OSutyhXnb9keUOguk-1796024684471','default',1796024684471,'key.announced','success','system',NULL,NULL,NULL,'','','','gk6j8THteV_wg2d6eB6o5Gs-f-OSutyhXnb9keUOguk',56,X'45EFAAE5B45ED1FE5D484B04B9674CF3F5E80F466AE805A85E0155E0D65A27AD');
INSERT INTO "audit_events" VALUES('key.announced-iv-Ea8WDu13tDfEIGjqha-09rQgecIx7tOIv4zMMDJg-1796024684471','default',1796024684471,'key.announced','success','system',NULL,NULL,NULL,'','','','iv-Ea8WDu13tDfEIGjqha-09rQgecIx7tOIv4zMMDJg',52,X'A5A499FD0859F1C7B85481ED90AA2C3B6C59D49758EF7F6811667F43EB979A5C');
INSERT INTO "audit_events" VALUES('key.announced-rv6D05WqJIXgOc04c7Un-0u8ex4LZ9ttur21NWeL2TQ-1796024678876','default',1796024678876,'key.announced','success','system',NULL,NULL,NULL,'','','','rv6D05WqJIXgOc04c7Un-0u8ex4LZ9ttur21NWeL2TQ',3,X'5D35A0BA6A992B1DB806D7D939EB4DEDD8E9B3823826DFC0882FEB0C443D420C');
INSERT INTO "audit_events" VALUES('key.announced-vXXvMK686Bltiq4LC2gmJr1m-SNgVKJLnwNXpCx89_k-1796024678332','default',1796024678332,'key.announced','success','system',NULL,NULL,NULL,'','','','vXXvMK686Bltiq4LC2gmJr1m-SNgVKJLnwNXpCx89_k',1,X'305AEE5357AE6119E5DB655E46E3F79100A798D47A45D1E790A75790A31DE1DA');
INSERT INTO "audit_events" VALUES('qW3pgej68kFOWrnzVE4z9w','default',1796024683704,'login.new_device','success','user','fsJiJIwO3DD2Dm0PFG1cwg',NULL,'HnjDj7Y4_GBJKAHcEEJ6iw','127.0.0.1','Python-urllib/3.11','8sKGlrjkSNGR','',48,X'93CFB5AF850522988B48C96BA0F0E808D938FDCC557B3CC6D681C1B0562001BC');
INSERT INTO "audit_events" VALUES('qgVKAsfCEfyytQUcoDpSuw','default',1796024683386,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'28Bsou1nHvfV7Da98RSMmw','127.0.0.1','Python-urllib/3.11','_9SPNVlqqCw5','password',33,X'70FBEF4D162D9CDC8D9170A59CCFC3368A8E17AC1671AE9E903B416548810092');
INSERT INTO "audit_events" VALUES('sK-Z9pOqtZVA7t2zOddKfw','default',1796024683456,'token.revoked','success','client','dlJkG92huyBM84_UObGkxA','first-party',NULL,'127.0.0.1','Python-urllib/3.11','TUcSPg9WU9NA','AaIracu4IKnfP3KHFjgrXg',38,X'662CB0D102E217CE69526A483D31E73CD5965E97F894227589E6267357270A42');
INSERT INTO "audit_events" VALUES('sMngWP6FwHAAiLBTrgQVCQ','default',1796024679001,'user.added','success','command','dlJkG92huyBM84_UObGkxA',NULL,NULL,'','','','',5,X'B02586A41401FD4A5065FA37553F16CE4A12E2CC669A5790BF4F92A9A2B24425');
INSERT INTO "audit_events" VALUES('uOQ4se_-WQ-_sKfKQ6vnQQ','default',1796024682967,'login','success','user','dlJkG92huyBM84_UObGkxA',NULL,'Ug7j8W3evlDuY2a8bkQ7Rg','127.0.0.1','Python-urllib/3.11','suuQvz4Jt5FH','password',25,X'D0536A4EED7507F0DA06C54E1917CA9FFC9CA2DC413DD3E70604CD7CC3056DC2');
INSERT INTO "audit_events" VALUES('vwVGcSMRr4Ygl8HxVSQp2A','default',1796024682269,'webhook.added','success','command',NULL,NULL,NULL,'','','','siem',19,X'A52170DC96996403F19D5CCEA7B3A71544AFB94590ED11D470F769CB0FB92269');
INSERT INTO "audit_events" VALUES('x42_B1y44cylIpmct4xdRA','default',1796024682967,'login.new_device','success','user','dlJkG92huyBM84_UObGkxA',NULL,'Ug7j8W3evlDuY2a8bkQ7Rg','127.0.0.1','Python-urllib/3.11','suuQvz4Jt5FH','',26,X'ABEB8DD2527A2E04580677926274BBB063CCF91AD477A2D8D7A2E48EAA4A9632');
INSERT INTO "audit_events" VALUES('zzczaBSa9myw0WOEglesxg','default',1796024681236,'client.added','success','command',NULL,'opaque',NULL,'','','','',14,X'43D46D8A2BDC27A360CAA1C4C72BD16FC0FC73D21855A778E089F7F91741BFF0');
CREATE TABLE authorization_codes (
    digest             BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id           TEXT NOT NULL,
    client_id          TEXT NOT NULL,
    user_id            TEXT NOT NULL,
    session_id         TEXT NOT NULL,
    family_id          TEXT NOT NULL,
    redirect_uri       TEXT NOT NULL,
    redirect_uri_named INTEGER NOT NULL CHECK (redirect_uri_named IN (0, 1)),
    scope              TEXT NOT NULL,
    extensions         TEXT NOT NULL,
    auth_time          INTEGER NOT NULL,
    methods            TEXT NOT NULL,
    expires_at         INTEGER NOT NULL,
    redeemed_at        INTEGER,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "authorization_codes" VALUES(X'01A22B69C960B33FE7F618ADC38999825F9F485C478914B216C7C845477BA8F9','default','web','dlJkG92huyBM84_UObGkxA','5sxofVMdrH2aRbQKd9E_CA','AaIraclg2M46LbHZgkO1fQ','https://rp.example/cb',1,'openid email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024682824,'["pwd"]',1796024742848,1796024682892);
INSERT INTO "authorization_codes" VALUES(X'01A22B69C9D75B2E0B2B3D52253CB0986900A284EFD0C6ED36B680277C1738AE','default','first-party','dlJkG92huyBM84_UObGkxA','Ug7j8W3evlDuY2a8bkQ7Rg','AaIracnXOtrHUsz8Y8rmdw','https://rp.example/cb',1,'openid email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024682967,'["pwd"]',1796024742967,1796024683117);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CAC8887FAD6B2621EE6391C683305C35CF2B9097337A5204F16DB591','default','spa','dlJkG92huyBM84_UObGkxA','ezGbokj-C2k9eu4McewugA','AaIracrIzEpxToziEMI4Dw','https://rp.example/cb',1,'openid email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683167,'["pwd"]',1796024743208,1796024683308);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CB6752FFACE2701BA018010ABBCF0B5F3BB35E29F3EB60E56A258F97','default','opaque','dlJkG92huyBM84_UObGkxA','D7jixiOuldps0jFo_w0gGA','AaIractn6SHEs2cIivnFng','https://rp.example/cb',1,'openid offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683361,'["pwd"]',1796024743367,1796024683373);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CBA9C1F11D4A3E8F6FE21EE34CA3A44558CCF38F95768DE986126A3B','default','pairwise','dlJkG92huyBM84_UObGkxA','28Bsou1nHvfV7Da98RSMmw','AaIracupo0beEq7b1-BaeA','https://rp.example/cb',1,'openid email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683386,'["pwd"]',1796024743433,1796024683436);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CBB86E9F45F66F4EBC43CE7D768DDD2E456A986B627812596D200057','default','first-party','dlJkG92huyBM84_UObGkxA','MvZawEdTb9zBG4ybdiC7pw','AaIracu4IKnfP3KHFjgrXg','https://rp.example/cb',1,'openid profile email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683448,'["pwd"]',1796024743448,1796024683452);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CBC63A8D3993B151AF0162AC7D5BF2402E6824A4D30D63FD8725F8BE','default','first-party','dlJkG92huyBM84_UObGkxA','HzGEMuyF9KMRX_js6KN5aw','AaIracvGVHZEBWzTy4EIlA','https://rp.example/cb',1,'openid profile email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683462,'["pwd"]',1796024743462,1796024683466);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CBDBB63EC6BCFACA847F417B32D29778CE4776FEB0312AE1BA0C2471','default','first-party','dlJkG92huyBM84_UObGkxA','NeKMxYr9TuyDTAAbUKeWeg','AaIracvb5RTkUIg5actS9A','https://rp.example/cb',1,'openid profile email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683483,'["pwd"]',1796024743483,NULL);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CC3F02F9C273A48DFD1806BAFE8F73F6FC3D744C1D688EAC07E89496','default','first-party','rJr0MSGuHcDQLQs7L1HnPg','vf3KskPJOCJZVgxGxVqxNg','AaIracw_FZdrpxOUa4soOQ','https://rp.example/cb',1,'openid profile email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683583,'["pwd"]',1796024743583,1796024683591);
INSERT INTO "authorization_codes" VALUES(X'01A22B69CCB8E912C30A48C85888588A48FC334812EB463FE0822AA59DD17790','default','first-party','fsJiJIwO3DD2Dm0PFG1cwg','HnjDj7Y4_GBJKAHcEEJ6iw','AaIracy4aWKWi53wOwpDKg','https://rp.example/cb',1,'openid profile email offline_access','{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}',1796024683704,'["pwd"]',1796024743704,1796024683784);
CREATE TABLE authorization_requests (
    realm_id     TEXT NOT NULL,
    id           TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    browser      BLOB NOT NULL CHECK (length(browser) = 32),
    request      TEXT NOT NULL,
    arrived_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    consented_at INTEGER,
    consented_by TEXT,
    closed_at    INTEGER,
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "authorization_requests" VALUES('default','0ccSv9ymb16IjuPlNmwwRg','web',X'EAE40A9C05DE95ACDE9D3E4A086AEC36E06021ADBE454CFF08302F6A1DDCEB66','{"client_id":"web","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683527,1796026483527,NULL,NULL,NULL);
INSERT INTO "authorization_requests" VALUES('default','4dV7gF5bhdjbi6B6GLlWyw','first-party',X'68D79BC5D641178A5F149CA437F8E587F385C62C8983B0DC69FE9EAE64449E71','{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683444,1796026483444,NULL,NULL,1796024683448);
INSERT INTO "authorization_requests" VALUES('default','6ZBVrYKWFBArc3enAc00Pg','web',X'AE11C4C5F3E694212EDBC363F3C120F15914A2FF9D49DB2236B1EE4FD640F054','{"client_id":"web","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683512,1796026483512,NULL,NULL,NULL);
INSERT INTO "authorization_requests" VALUES('default','8ifn4tJJ0759KHyau3PRmg','first-party',X'500D0256ABF8C29D483C4EF3C74A9FF395D5FF9DE2F2818B5A35EB56A91E7588','{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683459,1796026483459,NULL,NULL,1796024683462);
INSERT INTO "authorization_requests" VALUES('default','CrwgF4gvoH8fB6NsMPqmLw','first-party',X'AA51F8847B9AC6102F479D7C7C7F8E2FE8E0E291CD5B2BEA3FA7EAD08BB17E5F','{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683559,1796026483559,NULL,NULL,1796024683583);
INSERT INTO "authorization_requests" VALUES('default','IxiY0rfQON4D84kHe3YdoA','first-party',X'F14B3F0D996A98653C14AA5AE095500104717DD94D699A888BA20740E64A066E','{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024682920,1796026482920,NULL,NULL,1796024682967);
INSERT INTO "authorization_requests" VALUES('default','KPxh0h0TAjzSfLt_jDcMGQ','spa',X'AFC0B667089F83978936E4D91819998D3C05049A7513A91729C99A65146A6982','{"client_id":"spa","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683128,1796026483128,1796024683208,'dlJkG92huyBM84_UObGkxA',1796024683208);
INSERT INTO "authorization_requests" VALUES('default','NZ0v6QnY9TV1nB0eaQhAWw','opaque',X'64D62969C7DB090D1CBACF8A6CF3EA910B92045C7BB6873DF1DA6A5EF3CF025E','{"client_id":"opaque","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683328,1796026483328,1796024683367,'dlJkG92huyBM84_UObGkxA',1796024683367);
INSERT INTO "authorization_requests" VALUES('default','b_yS8p3so_rvCug-tkuNMw','first-party',X'4C037A55DEE7B8D6F67BB5D0CB8546BC91625424A7001399BCD11942965D4CD1','{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683480,1796026483480,NULL,NULL,1796024683483);
INSERT INTO "authorization_requests" VALUES('default','fko7uGEqoPK1cc1cN-zBLw','web',X'365F36E149C27833A6F90B4D60DF99E687F27EAADD91491A513D8E78E1489808','{"client_id":"web","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024682792,1796026482792,1796024682848,'dlJkG92huyBM84_UObGkxA',1796024682848);
INSERT INTO "authorization_requests" VALUES('default','lw0lPHmy_ufN6OZYt0ew2g','pairwise',X'25F68AD6C762C3241B1133EF6837B472B483A4FEAF418E3B985CE6D03C3492E1','{"client_id":"pairwise","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683383,1796026483383,1796024683433,'dlJkG92huyBM84_UObGkxA',1796024683433);
INSERT INTO "authorization_requests" VALUES('default','x0ry-CKLOpHI43ian204GA','first-party',X'A87A9CA793AB2C39ED58E47A7CC7FC35351573478E893AD6E36F0DA97AA6AC78','{"client_id":"first-party","redirect_uri":"https://rp.example/cb","redirect_uri_named":true,"response_type":"code","response_mode":"query","scope":"openid profile email offline_access","state":"s","prompts":[],"max_age":null,"login_hint":null,"hinted_subject":null,"ui_locales":null,"claims":{},"pushed":null,"extensions":{"nonce":"n","pkce":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS"}}',1796024683656,1796026483656,NULL,NULL,1796024683704);
CREATE TABLE change_counter (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO "change_counter" VALUES(1,28);
CREATE TABLE changes (
    seq      INTEGER PRIMARY KEY,
    realm_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('client', 'user', 'key', 'revocation', 'mapper', 'block')),
    subject  TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
INSERT INTO "changes" VALUES(1,'default','key','',1796024678332);
INSERT INTO "changes" VALUES(2,'default','key','',1796024678332);
INSERT INTO "changes" VALUES(3,'default','key','',1796024678876);
INSERT INTO "changes" VALUES(4,'default','key','',1796024678876);
INSERT INTO "changes" VALUES(5,'default','key','',1796024678876);
INSERT INTO "changes" VALUES(6,'default','client','web',1796024680416);
INSERT INTO "changes" VALUES(7,'default','client','first-party',1796024680894);
INSERT INTO "changes" VALUES(8,'default','client','spa',1796024681081);
INSERT INTO "changes" VALUES(9,'default','client','service',1796024681172);
INSERT INTO "changes" VALUES(10,'default','client','opaque',1796024681236);
INSERT INTO "changes" VALUES(11,'default','client','pairwise',1796024681331);
INSERT INTO "changes" VALUES(12,'default','client','gone',1796024681581);
INSERT INTO "changes" VALUES(13,'default','mapper','tier',1796024681807);
INSERT INTO "changes" VALUES(14,'default','block','192.0.2.0/24',1796024682067);
INSERT INTO "changes" VALUES(15,'default','client','7FnkgmvMcsoYiVAQoAHp7g',1796024682768);
INSERT INTO "changes" VALUES(16,'default','revocation','family:AaIracu4IKnfP3KHFjgrXg',1796024683456);
INSERT INTO "changes" VALUES(17,'default','revocation','token:AAABoitpy8p0NTdgTdkUgdyGU4KH3Ctq',1796024683470);
INSERT INTO "changes" VALUES(18,'default','revocation','user:rJr0MSGuHcDQLQs7L1HnPg',1796024683905);
INSERT INTO "changes" VALUES(19,'default','user','rJr0MSGuHcDQLQs7L1HnPg',1796024683905);
INSERT INTO "changes" VALUES(20,'default','revocation','user:fsJiJIwO3DD2Dm0PFG1cwg',1796024683989);
INSERT INTO "changes" VALUES(21,'default','user','fsJiJIwO3DD2Dm0PFG1cwg',1796024683989);
INSERT INTO "changes" VALUES(22,'default','revocation','client:gone',1796024684207);
INSERT INTO "changes" VALUES(23,'default','client','gone',1796024684207);
INSERT INTO "changes" VALUES(24,'default','key','',1796024684471);
INSERT INTO "changes" VALUES(25,'default','key','',1796024684471);
INSERT INTO "changes" VALUES(26,'default','key','',1796024684471);
INSERT INTO "changes" VALUES(27,'default','key','',1796024684471);
INSERT INTO "changes" VALUES(28,'default','key','',1796024684471);
CREATE TABLE claim_mappers (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    id         TEXT NOT NULL,
    client_id  TEXT,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "claim_mappers" VALUES('default','tier',NULL,'{"claim":"tier","source":{"attribute":"tier"},"targets":["userinfo","id_token"]}',1796024681807);
CREATE TABLE client_logos (
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    media_type TEXT NOT NULL,
    image      BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, client_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE client_origins (
    realm_id  TEXT NOT NULL,
    origin    TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (realm_id, origin, client_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE client_registrations (
    realm_id     TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    token        BLOB NOT NULL CHECK (length(token) = 32),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER,
    PRIMARY KEY (realm_id, client_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "client_registrations" VALUES('default','7FnkgmvMcsoYiVAQoAHp7g',X'6AD93FFE321632DF2DAFC2527639B2BDFC410B8CA56E1030C6D734C6601A307B',1796024682768,1796024682768,1798616682768);
CREATE TABLE client_secrets (
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER, sealed BLOB,
    PRIMARY KEY (realm_id, client_id, digest),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "client_secrets" VALUES('default','7FnkgmvMcsoYiVAQoAHp7g',X'A1E77ADF0CD423C748ACD36EBA622813B82A57F0866563AAC2DB267ED23A0354',1796024682768,NULL,NULL);
INSERT INTO "client_secrets" VALUES('default','first-party',X'D7BD0051544D04B4F2E3A23C2365C0F7EEC07AA8B39D1B464AF785704DDC94E4',1796024680894,NULL,NULL);
INSERT INTO "client_secrets" VALUES('default','gone',X'D7BD0051544D04B4F2E3A23C2365C0F7EEC07AA8B39D1B464AF785704DDC94E4',1796024681581,NULL,NULL);
INSERT INTO "client_secrets" VALUES('default','opaque',X'D7BD0051544D04B4F2E3A23C2365C0F7EEC07AA8B39D1B464AF785704DDC94E4',1796024681236,NULL,NULL);
INSERT INTO "client_secrets" VALUES('default','pairwise',X'D7BD0051544D04B4F2E3A23C2365C0F7EEC07AA8B39D1B464AF785704DDC94E4',1796024681331,NULL,NULL);
INSERT INTO "client_secrets" VALUES('default','service',X'D7BD0051544D04B4F2E3A23C2365C0F7EEC07AA8B39D1B464AF785704DDC94E4',1796024681172,NULL,NULL);
INSERT INTO "client_secrets" VALUES('default','web',X'D7BD0051544D04B4F2E3A23C2365C0F7EEC07AA8B39D1B464AF785704DDC94E4',1796024680416,NULL,NULL);
CREATE TABLE clients (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    id         TEXT NOT NULL,
    metadata   TEXT NOT NULL,
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "clients" VALUES('default','7FnkgmvMcsoYiVAQoAHp7g','{"client_name":"Registered","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code"],"response_types":["code"],"scope":"openid profile email address phone offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',1,1796024682768,1796024682768);
INSERT INTO "clients" VALUES('default','first-party','{"client_name":"","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":true,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',1,1796024680894,1796024680894);
INSERT INTO "clients" VALUES('default','gone','{"client_name":"","application_type":"web","redirect_uris":[],"post_logout_redirect_uris":[],"grant_types":["client_credentials"],"response_types":["code"],"scope":"api","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',0,1796024681581,1796024684207);
INSERT INTO "clients" VALUES('default','opaque','{"client_name":"Opaque","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"opaque"}',1,1796024681236,1796024681236);
INSERT INTO "clients" VALUES('default','pairwise','{"client_name":"Pairwise","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":["https://rp.example/bye"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid email offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"pairwise","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_uri":"http://127.0.0.1:9/never","backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',1,1796024681331,1796024681331);
INSERT INTO "clients" VALUES('default','service','{"client_name":"","application_type":"web","redirect_uris":[],"post_logout_redirect_uris":[],"grant_types":["client_credentials"],"response_types":["code"],"scope":"api","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',1,1796024681172,1796024681172);
INSERT INTO "clients" VALUES('default','spa','{"client_name":"","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email offline_access","token_endpoint_auth_method":"none","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',1,1796024681081,1796024681081);
INSERT INTO "clients" VALUES('default','web','{"client_name":"","application_type":"web","redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":[],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid profile email offline_access","token_endpoint_auth_method":"client_secret_basic","subject_type":"public","id_token_signed_response_alg":"RS256","request_uris":[],"require_signed_request_object":false,"require_pushed_authorization_requests":false,"require_auth_time":false,"default_acr_values":[],"backchannel_logout_session_required":false,"frontchannel_logout_session_required":false,"contacts":[],"profile":"oauth21","skip_consent":false,"cors_origins":[],"audiences":[],"access_token_format":"jwt"}',1,1796024680416,1796024680416);
CREATE TABLE consents (
    realm_id   TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    granted_at INTEGER NOT NULL, claims TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (realm_id, user_id, client_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "consents" VALUES('default','dlJkG92huyBM84_UObGkxA','opaque','openid offline_access',1796024683367,'');
INSERT INTO "consents" VALUES('default','dlJkG92huyBM84_UObGkxA','pairwise','openid email offline_access',1796024683433,'');
INSERT INTO "consents" VALUES('default','dlJkG92huyBM84_UObGkxA','spa','openid email offline_access',1796024683208,'');
INSERT INTO "consents" VALUES('default','dlJkG92huyBM84_UObGkxA','web','openid email offline_access',1796024682848,'');
CREATE TABLE dead_letters (
    realm_id   TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    died_at    INTEGER NOT NULL,
    PRIMARY KEY (realm_id, webhook_id, event_id),
    FOREIGN KEY (realm_id, webhook_id) REFERENCES webhooks (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE failed_accounts (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    network    TEXT NOT NULL,
    subject    BLOB NOT NULL CHECK (length(subject) = 32),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, network, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE initial_access_tokens (
    digest     BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    uses_left  INTEGER NOT NULL CHECK (uses_left >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO "initial_access_tokens" VALUES(X'44DE78AF0059AEDDE2607940ABAE02D498A9790C86271CF701DE73007674C585','default',1796024682513,1796629482513,1);
CREATE TABLE known_devices (
    realm_id     TEXT NOT NULL,
    digest       BLOB NOT NULL CHECK (length(digest) = 32),
    user_id      TEXT NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (realm_id, digest, user_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "known_devices" VALUES('default',X'02DCFB438FBEC11ECF4431118B9DAF164DFB13AF99B62D1B1DF0FB289A0100D7','dlJkG92huyBM84_UObGkxA',1796024683386,1811576683386);
INSERT INTO "known_devices" VALUES('default',X'267DDBBE1A4B0BF8842F2E0972F3F0FC25AD5429183ECE937CBCF0D152F6A57E','dlJkG92huyBM84_UObGkxA',1796024683462,1811576683462);
INSERT INTO "known_devices" VALUES('default',X'37CEDAFAE6E93E8DDAA3FF61F6F69339E992A0B47EFC824600C0B1F9263C2382','dlJkG92huyBM84_UObGkxA',1796024682824,1811576682824);
INSERT INTO "known_devices" VALUES('default',X'48ADF3780F274B9E1E8E33EF68B493148231397F2FDCF2FB448E35B3A7BBCB21','dlJkG92huyBM84_UObGkxA',1796024683483,1811576683483);
INSERT INTO "known_devices" VALUES('default',X'54A3B4D4ED5CA91C644AA1AA783C340FD35C981925B9FB91CB005B8D832F93A0','rJr0MSGuHcDQLQs7L1HnPg',1796024683583,1811576683583);
INSERT INTO "known_devices" VALUES('default',X'5E5D80FB70D8023E9309E2743D885E12217110BF0F27CE79AE61AB3D6D525933','dlJkG92huyBM84_UObGkxA',1796024683361,1811576683361);
INSERT INTO "known_devices" VALUES('default',X'9C535DF97E6F994A80B2258524AA240C56DD2895E07FCCF0CE5FF779B853CEB6','dlJkG92huyBM84_UObGkxA',1796024683448,1811576683448);
INSERT INTO "known_devices" VALUES('default',X'D10D1C01AF7D7A41E4B0AFDD18C1E676AF73642B4B0A2CC804F1B1138825EE53','dlJkG92huyBM84_UObGkxA',1796024683167,1811576683167);
INSERT INTO "known_devices" VALUES('default',X'D742A4FF7879E141124CBEF1A15C5F59E42FC0E515D4580ED83776A79264BC02','fsJiJIwO3DD2Dm0PFG1cwg',1796024683704,1811576683704);
INSERT INTO "known_devices" VALUES('default',X'FA57CA252FB4D2CDF59C0D940A37816E495FD88609EB18D312A5B4B4BC3E7527','dlJkG92huyBM84_UObGkxA',1796024682967,1811576682967);
CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "leases" VALUES('clock seen','',1796024678856);
INSERT INTO "leases" VALUES('upkeep','[75, 79, 06, 68, 48, 10, a1, 2c, ca, 5f, 53, a2, e0, 51, 3f, 77]',1796024858856);
CREATE TABLE login_failures (
    realm_id     TEXT NOT NULL REFERENCES realms (id),
    kind         TEXT NOT NULL CHECK (kind IN ('account', 'device', 'address', 'realm')),
    subject      BLOB NOT NULL CHECK (length(subject) = 32),
    drained_at   INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    PRIMARY KEY (realm_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE opaque_access_tokens (
    digest     BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    claims     TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "opaque_access_tokens" VALUES(X'01A22B69CB6D4FFE1672C2D63C04BC26DCF45738D3A2A5D35A67FD5EFEE6E08B','default','opaque','{"iss":"http://127.0.0.1:41417","sub":"dlJkG92huyBM84_UObGkxA","aud":"http://127.0.0.1:41417","exp":1796025283,"nbf":1796024683,"iat":1796024683,"jti":"AAABoitpy22gwrjKtuokmpCqt-T5bUL3","client_id":"opaque","scope":"openid offline_access","auth_time":1796024683,"sid":"D7jixiOuldps0jFo_w0gGA","grant_id":"AaIractn6SHEs2cIivnFng"}',1796025283000);
CREATE TABLE outbox (
    id         TEXT NOT NULL PRIMARY KEY,
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    kind       TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    attempts   INTEGER NOT NULL CHECK (attempts >= 0),
    next_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
, event_id TEXT, webhook_id TEXT) STRICT, WITHOUT ROWID;
INSERT INTO "outbox" VALUES('default UvPkDcrwyz6eSusG9nJzLQ siem','default','webhook','','','',2,1796024691944,1796024684911,1796111084911,'UvPkDcrwyz6eSusG9nJzLQ','siem');
INSERT INTO "outbox" VALUES('default cJWQXIdG78Q-0AcQM9TtqQ siem','default','webhook','','','',2,1796024690049,1796024683955,1796111083955,'cJWQXIdG78Q-0AcQM9TtqQ','siem');
CREATE TABLE passwords (
    realm_id   TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    hash       TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, user_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "passwords" VALUES('default','U0o9Loey5kO5fiCVpN3OcA','$argon2id$v=19$m=64,t=1,p=1$A/Gi79I4/Kjofeut3dlJgA$G6+JcodMkvDGz84NK6470kTVH61v3QBRv15LUniS6Pc',1796024679985);
INSERT INTO "passwords" VALUES('default','dlJkG92huyBM84_UObGkxA','$argon2id$v=19$m=64,t=1,p=1$DzcNcWP4pNdQMq80SPAPVg$YdmxZtXx/k+iAQLv6V+wrWy3udpKaI/nAFRf/my/um8',1796024679001);
INSERT INTO "passwords" VALUES('default','fsJiJIwO3DD2Dm0PFG1cwg','$argon2id$v=19$m=64,t=1,p=1$15jeKzEQhgOPEsram7z7tQ$SjvIh4J8+DZJgNCl7M3rgvsbqcmGdEhsJdsY9VPaXtM',1796024679621);
INSERT INTO "passwords" VALUES('default','rJr0MSGuHcDQLQs7L1HnPg','$argon2id$v=19$m=64,t=1,p=1$YuwL/kYgWU32JcjQWtttfw$j59/FuH84cP50a6EtLQslf26gkogETlbcDICIqWPca8',1796024679295);
CREATE TABLE pushed_requests (
    digest     BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    params     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    kept_until INTEGER NOT NULL,
    used_at    INTEGER,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "pushed_requests" VALUES(X'95B1059E2D23071170CBBEED246FAD91C6E8100468C13B2CDBE4E98E6FA27A98','default','web','response_type=code&redirect_uri=https%3A%2F%2Frp.example%2Fcb&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&client_id=web',1796024683812,1796024743812,1796024743812,NULL);
CREATE TABLE realms (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
, valid_from INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "realms" VALUES('default','default',1796024678332,0);
CREATE TABLE restore_epochs (
    realm_id  TEXT NOT NULL REFERENCES realms (id),
    epoch     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    backup_at INTEGER,
    PRIMARY KEY (realm_id, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE "revocations" (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    target     TEXT NOT NULL CHECK (target IN ('token', 'family', 'session', 'consent', 'user', 'client', 'realm')),
    subject    TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (realm_id, target, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO "revocations" VALUES('default','client','gone',1796024684207,1796111144207,'cut off');
INSERT INTO "revocations" VALUES('default','family','AaIracu4IKnfP3KHFjgrXg',1796024683456,1796111143456,'token.revoked');
INSERT INTO "revocations" VALUES('default','token','AAABoitpy8p0NTdgTdkUgdyGU4KH3Ctq',1796024683470,1796025343000,'revoked');
INSERT INTO "revocations" VALUES('default','user','fsJiJIwO3DD2Dm0PFG1cwg',1796024683989,1796111143989,'cut off');
INSERT INTO "revocations" VALUES('default','user','rJr0MSGuHcDQLQs7L1HnPg',1796024683905,1796111143905,'cut off');
CREATE TABLE session_clients (
    realm_id   TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    PRIMARY KEY (realm_id, session_id, client_id),
    FOREIGN KEY (realm_id, session_id) REFERENCES sessions (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "session_clients" VALUES('default','28Bsou1nHvfV7Da98RSMmw','pairwise');
CREATE TABLE sessions (
    realm_id        TEXT NOT NULL,
    id              TEXT NOT NULL,
    digest          BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id         TEXT NOT NULL,
    auth_time       INTEGER NOT NULL,
    methods         TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    remembered      INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    ended_at        INTEGER,
    address         TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "sessions" VALUES('default','28Bsou1nHvfV7Da98RSMmw',X'C4618F9FBFCD4E159C32F3A304F1A62547A8AAA58DD625FEDB5A1DEF06FD73F8','dlJkG92huyBM84_UObGkxA',1796024683386,'["pwd"]',1796024683386,1796024683386,1796028283386,1796111083386,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','5sxofVMdrH2aRbQKd9E_CA',X'F089306388D7C8168BF53535BB8C915FA3A7551B25FC244912F291D2A05BA121','dlJkG92huyBM84_UObGkxA',1796024682824,'["pwd"]',1796024682824,1796024682824,1796028282824,1796111082824,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','D7jixiOuldps0jFo_w0gGA',X'78549026B6BD0FB9D4140AE78C243AD2EA208115488DF7F23EEE35B0736E31EB','dlJkG92huyBM84_UObGkxA',1796024683361,'["pwd"]',1796024683361,1796024683361,1796028283361,1796111083361,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','HnjDj7Y4_GBJKAHcEEJ6iw',X'927F288B9B05243AACB3D7831A4F9D2DA4B28F58DB9424AA346A8AEE8788EE84','fsJiJIwO3DD2Dm0PFG1cwg',1796024683704,'["pwd"]',1796024683704,1796024683704,1796028283704,1796111083704,0,1796024683989,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','HzGEMuyF9KMRX_js6KN5aw',X'D53E3670B9250466885CCADD74F34BBADBC4798711B14FD84BE59BC91CA635EC','dlJkG92huyBM84_UObGkxA',1796024683462,'["pwd"]',1796024683462,1796024683462,1796028283462,1796111083462,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','MvZawEdTb9zBG4ybdiC7pw',X'A20A56447464A353DA3B3C806C360B902BFF54A6B039B1C96A1A69E701214D55','dlJkG92huyBM84_UObGkxA',1796024683448,'["pwd"]',1796024683448,1796024683448,1796028283448,1796111083448,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','NeKMxYr9TuyDTAAbUKeWeg',X'F4C492B8B888AC1B6AC10D4142873EB974805A5A99E15D4AF8A6353AE91C18B4','dlJkG92huyBM84_UObGkxA',1796024683483,'["pwd"]',1796024683483,1796024683483,1796028283483,1796111083483,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','Ug7j8W3evlDuY2a8bkQ7Rg',X'3F2AF67D9784C1AC7A92E56E42703DF6176748D9DEDF09AED5A39941DC160BEF','dlJkG92huyBM84_UObGkxA',1796024682967,'["pwd"]',1796024682967,1796024682967,1796028282967,1796111082967,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','ezGbokj-C2k9eu4McewugA',X'A42AE0C1E04528116812BD91FD0F8AA58322F7D30662633DFC17747DEB2B8827','dlJkG92huyBM84_UObGkxA',1796024683167,'["pwd"]',1796024683167,1796024683167,1796028283167,1796111083167,0,NULL,'127.0.0.1','Python-urllib/3.11');
INSERT INTO "sessions" VALUES('default','vf3KskPJOCJZVgxGxVqxNg',X'779852842C44EF8EE4D0EE41E687AD5E88B1B1D7F73B2B6B50E0D912755635A0','rJr0MSGuHcDQLQs7L1HnPg',1796024683583,'["pwd"]',1796024683583,1796024683583,1796028283583,1796111083583,0,1796024683905,'127.0.0.1','Python-urllib/3.11');
CREATE TABLE signing_keys (
    realm_id     TEXT NOT NULL REFERENCES realms (id),
    kid          TEXT NOT NULL,
    algorithm    TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    sealed       BLOB NOT NULL,
    announced_at INTEGER NOT NULL,
    activates_at INTEGER NOT NULL,
    dropped_at   INTEGER, seen_active_at INTEGER,
    PRIMARY KEY (realm_id, kid),
    UNIQUE (realm_id, algorithm, generation)
) STRICT, WITHOUT ROWID;
INSERT INTO "signing_keys" VALUES('default','0vSg7wBmwAUMhK3GEcaBNDBoXlp7YKfDvK4GdWQT1a0','RSA-OAEP-256',1,X'C5D2DC68505C48340163D5A2D7147E2C0D6DF40D69992B4CF2E359611A8A6CD02343822918145D0660EA170FE7E2007FC1991F762585512AC5761911B9BFA55E7D0D58D3B810D2531E9997D73ADFF7657704BCBBE9D813565B5142D70870181FF5E3BDFEC37114A969057A78173715EFFDB4D55D5A22C4735765E3E09DCDBB196681ED2BE2C10B023FEA7D184C036433B7CECCAEC130F3361572562A8FC6AD72B121E904F4812313D9C0C26E4BB5E6290DB47856DFFF4DB2FB4FDF73008A5F119B3ECA234964BABCC23B73258BEA7DFF85C2D10E1712DCBEF958E792B5CC65BA203BE30CBE6AB5596B1FE56FADD47DA6586E15525EDD4B97B66FDC92792F0FB28BB429A7F308C969DCFE4FADDC04668B0AABC39E0880716059AF708A81E660E3A3BD46204569F54648F511EE15CB184A4E2FFE741F67B747533A25241924D402DA68932D384C191C8C26E748AA34F2C12F67B68FDED23A2CA026260892EFA505CA4D5755B65C77AD30687FB8C72C6CB2401C3320BE910A5DE27197E5AB617BBB93145C937D99F1E83AC71B44EAC2B8EEA928B0E225AAC430009F2A19FEFD51F71F10F0569C79553DE3247F5FB406F46548DDF73737DE8BD43E9FDB83148B967CDB1D7B0FBFB1A9BFE3CB4CF91AEEA484310CEB9ED4D45B14D7B2CAF020CEBD25190C31C182C399BFA7525E7936ABD036A36A81B862AE38EEBF9CADB39463BF28C7543B97268180C36CD4445C43457E3E74CC35637E55C544ED6861CAC516AC8A0442BDB59C1763DBA79D32A8BF1E4FA606700CF9CC76C1028880BC08409104692B8681C68F33BEE8C410D3631BA9AC66FB4B7572F6AFBD6E984773B2B7B46ED65B511D5B1935F7C09D921F178A96D8AAAD7C498B674D2ACED632BA8FD9C5042790B2B6A57BE5E31194B9D055E7B8DC87BE08A1CD6C78264BAB4BA1FE5CEDD31186A5A717DA4FF05E1DA035D251C11A396ED496525B15BC62AA25163C0D0393B6F5CBBF0ED64606838902AFF42C014DEBFF5E8BAF4E4E9971028286D2227D6992E4CCE209D288AE74D0BD8E62D88A00DBD85323A8594504FCF6633E736AD6C904CADF7F22761874B89B30A31DDE59259403C25EAFEDC7E325E18B0A2323E6D3967DF029330C1B47E7546F13C419D079AD0455BB485CB7D8189DC8B0687BDB1D9CD57E58F0D84636B04373D41EB0CE8FDD6D40548EE615555A55C02475556CDC238F4E5C3D542A706D9520F50C43FB60C894261AE7713DED9F6ACD0E0252157A1514D4755FFB56221E9785064A9132D43FEF7CE9809CB7D64F6A1E31AEA91E4BEDD279AC449DF37829F836323A868C5F2BE1EB8F6870A9CFA0839E8BC89960E1FC0DDBABC0F027E43256BCFC1450D3CEF41E31AAFEF7D690FC9C9DB759569364C1B5CB26A6FC6A7E78B465247A0DE179F3AE31964B9089CAF9F5DF7E9294EAB9E7EBF5DEF4233710F725F8DA90B7C7DDCEE95159E00869913131E2CBE049025D37B39498F1F94C5EF3B716D0E3397350968B3E2A0DF5B3329D13BA886D69F57F56985E9B18DCCD8A1DE69E63802EE123FCF21B420551E21D44F9ABEEBD892FA9A0A8F39EB7C1CD85CE8125C04C2B6A4A52E73E7FF070D5AF79C4905A918FD60461BA57029665CC950CFF6B15D659B1A5D1515CB9962F322B567BBBFEC905EC281A93F84821CF154A01EFA536BE197236B69479209C26593A0FF3A3A89C05844BAA3D3DE55E8107896D1A5E90DEEF7E541E564F4DBC2C7A0DDDD79DB61F58EDFC56BE363878E9AA3946607A425E4714121740AF48261C5E806563FC9073CE9ADE6EEE64C28E0AA361986A269D27DBE91BB1AB881B472D1235E150A80CC0C864CCDA5A717F44FDB4887ED42D09FEBA11C42895E3419FF4E34AA6A26660F7D0D153BBF0B6D1FFAC8ADFAA6C95A5CDAA33064E4BFD4E7316FC05928CD71559A929A874684AC84C8938D4D1C97BA772C86A48C2A20EE5099F104E321A2A7F1212CE00E826B08F32A2E956050358DF24536034DD1F6A0F2DC718612E31E3C6903F1CB9C7C72E612E1BCDE772C0318E984EA529502DB5FD58DB607314FF8FA5325E44E154A87EA2A029EF1175779CE4AF01D5BB95D53EDAF6124FDCCC926C22280CA761777CCDE653E64F7CD919441B64446097EED25F28E566CE0B2EA9CAF7CCE5C166CF8765342BF0427CDF2389B716921928D6798C6071FFA772DE9A4800A1DB8B403B0C3D2C78AF55367578340844ABB29F39FB40A854E49D32F00C7249DBB79D2574CF8BCB331A8F272A4173B3A2C1927224D699646CCE42C2DB342BE8837017EE1E4BC5197802641FE9FC1976178432C9CF64A2B3D6ECF40A5E5DD975D6C069A53641A176F318820E301B6A9501D1AF4A4B289A3310032F927CD51F65260081B6126B9FA1886242402F2940172858C8129D0C80C655C4A633242F8255ACC0A8C7FDADFD6FEDDCDFE6A0B14E82A91331C2DEC8B60AB8BF910AC388DC843ECF5E6FE97D522D98E6954E780C2639000241178448B95A3499EE8075182476A15451DCD0A4092BB1F667A18A3A64DD614EEA78A39FDD52B69CA592CD3EAD869CE2',1796024678876,1796024678876,NULL,1796024678876);
INSERT INTO "signing_keys" VALUES('default','8vYCINWGrc-V8Jl7qnBNmdTMKYnRt-ISrXaETROvIPk','RSA-OAEP-256',2,X'3305FD78D4A853E90D3A5F7B964247BDBEF759E7B03E57C781C0068E6989F541B81CA50BB2905BA2330929E3684A71ADB086EA713AE00F6BB4AF9D955BC5F15C985DD17B27BBC330552E84B9907801EDD8D7D44364B938F974C50CAB9B6946D3D8BCEE05A58EF99AFA7ABAE402EBCADC1A268C741393110E0FDE845E408BAF4400CC2ED05AD3F3B3CBBE3F3EBB946E849437D91062BC2377EE1725E674D7A145EB3F2E65C6B1092F86CA346389349049DF899708ADA715D99DE5191DE84A139F554E540B072F40B783FD575CFD0FDC89EE0BE4F4179AEAF596E2AAD09AE5997499AB1652D4B5BBB5EAD35A0C1398BB0F594CAE087CA7A3AAD552C71EDC6BE9A8EBBB282110FB4F1BA001615CD315ED1216BC2A03EDABB29922C53775D2A33FDCDE53602A174759E4851DF49698E54057DD201E39EEF499F0CF722DBFB73109250F9740F7BC218D1EB798F8B32D823BD29A82DA7336B45E946161651CBF1753DD7DA04C65E04EA6992B90B61EC799F622A7A63D8C1982F3628B3319DC9ED036E1064B6D2860E826700FA475795584C5E4CBCF37DAC2CE80F73E453485452246498DE8EDCC99456331E85DB6CEC10DFA5E49FA9B6339D06516BFC1C8D64FE5990AE1192E2EB4F4F2F4F1846AC6F90BC3709B7469BFA69A40E0F8871DA16F1F1F4BB1CA7F4802545ADACD0A0CA4491BF5448895271395D3F0CED164CDF10A5FD6552A376318EA05A3BB22814695DB790258E26702C5B03EE7AEC54CFB0C2AA1C89DECF290D5AC863C2E477F73FFA327E5B72B2A215D907848D3BEDF56B84A20A934AB45B50EFF3AC6C349A0DF13C43EF8EC493A2F1E37D60D470B89646104F1173A3172E9F160AEFEF4E5EE0E858FE4A9ED787C0217AE80891F95BEEB8B261020DA3ACDB4A736832011EF4C5B1B875293F83350DE84A40B76D84A274AB443E668A01A114EA7B04DC75F769F67F773EB4CBECE6E5545F02F1040AAC465D0789B12D69A851F9F9C4AB1D6FDF0CA4352F4549C890146DE7C8BE16DC7E9028072B4A92314FA4A3FB05BB43AEAD63C1EDB9632C71D328D62F215F27911C0066336F0CB146F9967041133296FD76C8734F9E8244CF17A5109655E157FB2ABC03DE6B79CB2274155236F605D968008944F387FA965576104085C0925E0F44EF2A8DAA12EDF87A2BBB64845EC52EBB28C9AA14ACBF95B71DCDEAFEDC1934DB5DC7EF438BA22CB0E65ECA5A373E4BF9DEF9D74C3B8FE621520011DF4B02C5D582A6CF9D6E8296E654F75E0B177C507ECEF05C1938B22E706F18D6A91F4AB2C9B9C1097861F0DD37F67DDF374C6E47A5DC5C8E059D2282489297CDAD6FB65A4537083EE62785C186903F0025CA33F8B7E31A467C13BC8914AC41ADF29D343101B41CD3CD1C0A01185A1661CAA6FD502FB93F8532E578ED3B516D8AF304FC78EA87753E74934168B5A969F5AED1B77B4C8882C905419A2DA174C0672C4E35302709DAF80050DE6578BFDB322FCC989C04E880DE08984CA6D0CE81A094579585CD9005F06B5D3743F6457C06C9DAA9EB4E29171DEF1B54B297BE8752D3BF76EAE93ADA9286FBD782E28789C033DFFBF801EF06358192AD773A3A5E7ED8FA3B643975781A2413B376BC2BCFC7D9E958D174CD9326E415A0E6229D464013F9ECF621DD3D689E991C8222216F12D7AA118568AD407F635D38E8F5C4D51E4E332965A0DD36562FD8D32C8D1F78D9E2F230E94E1C8EFBB08E6A7BA78430725F4E3057776C89FDAB3D603C57B906DEB217858D48EBB62666A71DD551082E592D543A8556D5778CC31B0BE7DE983B7334034F249A64A405F3366E794201ECF607794BD42212B55A475C7BE317D12C3E3E60D0F2420D013377E47B7F315D9CF75AAD6A02E03511FE1D42CF8AC5F31A30BD23D2D9A3B281E9B619FE8856C93163E4D9B3F1181CCC01DDF9E5804218B9A218D9C12EB6FA233E40E3FE1189255218B82CC8A42A4ADFF8EA90CD9EA554311793AEF4A6B1379D0E3CFADD9A50430D315F51DAB394294821F0AE48989EFE22B395DA3496D6CCA0D30EA87F7A39DC87E0F07254B88BC985C0B235301F8693F7490773D768B72300AF3E62FEB719C4111F58414AFE463B2C0BAA91742D8568AC534131851B593E9ECF3D437C064666F74B645C08E7602D0D2ED0AA6CF427515038AB799ED5375CF6083D8881477A3B9E14B222F726472B22717B4C218F67F04C53EE3BC863BC77FC635F6112DF6E004F266AE308FFE316B5E5B31BAFF68B16529FD8ADD33742A7DA7FF181A604DCDD3417C13A0A7C343526C6D412696949D78663A1FFB37F56CC14CD564A6BCA38C4BE1659A41DB2C6A1002429EA5661EFDDBD19E245114E5228B5507FA04A34508497B24C31CC604F18E3103F6B8821E193FBB47B986EFA6D2D58387089E44893A647F1287E1E014E52729B900F592D8B78A9CFC10542B86C4B190A5C0C44F68F614822AA9101A3DB5698C8DE47ADAE9FC2CB9BB6412AACA64322F3A6D275C6DE541066993F8D5358DFC86EAC0E539310582ED69B37EDEDE23FDCD579291B736BBB6D4DC86265B9CCD5EDE14D3',1796024684471,1796028284471,NULL,NULL);
INSERT INTO "signing_keys" VALUES('default','A1gT_axOB3iAOtk_5feu0467cb9U9u7RyWjLZPfFLsM','ECDH-ES+A256KW',1,X'B371F49CE52DF23C3CF7735FE5240285BAB9ADEA7FC2D32ED54E2ABD91A1D57183E33E2A04B273D29FBCAA96C80FC94026659323BEB8C82939E34BD648FB637FD8EE61084D1EADB921A2E839F658D0D495A081278123FB409A9B6BA4973FD408CCA31E449995FD891AFF05FBAE510375635657F02DCEF66D78064A67A10D7501304BE4D7CEE3FB2B5187B121902B1892F96F79829B1E70C78645D54E2DD1A22971B6B2E5B848',1796024678876,1796024678876,NULL,1796024678876);
INSERT INTO "signing_keys" VALUES('default','INYfGuP7rx7I2k4mP5UrK29ZOBkRQAfQ428e9PwE5QQ','RS256',1,X'02C1D0E142CA2CC42804E2AEDE1F6B38279CF55D7B85B5111FA392FCFAF61D290FA67DFF735B9C75139DB4F882666B81DFFA0F2B455B76827EEC20B0CE91B8C2188FCD05A5A033C401A05430F8B4D0D62053FCC0F80F18669481E1F34195BA80004F4F8E8A92DFDF614A1E8778BC0353DDF39CBD259E6D808CE73093EC59A888C73DEFE0A1CFB843F48DC48A752FF2C8FF51540081811173CCCFC24E90D77ABFEDABE856E3B801087630549286DBD2F5B15151876BE6F0683B4B94474028D885C206305687A059CBDEA761994EBDFEF85C7A4EB5439F5A16BC74BCA1E240F2A822C909046D941F743EC0D70F7124A4D9F945953FCF80BA00F32196B134899E9DAB5C080BD143DB044E0E4CFC88AE32301DED1A017EE7525A7ED566F563831AA171162714474337E79BED10ECEC9F595359019908824F423A6E1286703ACCF81B634ACF8F5F97403D1F7ACEACC395D87B91742218A48A77FA97594F95B9E72668D356B9609E6F44D89211789E1421BCA812EE2C2CFCDBED91B1E68C99B6A00A96E70432E0F0A7E54BA98EFD6C2449CDD6C05A7844899C0BCC3F0BFF27A897B46DC9F48E83FCBBC6A22EE26AFC7B7954933CACDB2F12D2F62CFE2F34E57CE678C556CC9A3913BC1EB0AECE16ED303F8B6F9F8481B34A07F592D20D5D887B3ECEC4BFA13B40F8BC3D505EAB40E144FB552CA74877431133A1F05A5B5839867DBF723380A418C0DC7C5612CCBB637951107090E586CD2957355EB14040568061C1901F54E0E13B3A5342A89E0FAAEC0DF0C4F103D192620C411B94F0701BD01B7EAD64F95FDB5124406B169AF490191D4D3E24F16D37F95A6F110BDBE6C4AD955046D686A3CA97448134EA31C307DA3FB3F97328ACF2B85918602321D0795106DFD4FF50878088F153B927FA813C940721FD3EBCC7CA11F18F1190A247DEC84BC8B3506338DA2F27AE590F514A3561CF9079841B8A1E8403EFFDF7D992C8E277B9A566B7CC5D38BC28BF860C15370D70911C871489767CF048AD22D95E57BF699B69540931C20E8504CC8F390BE256ADC2EBB6FCF3153295A0E8E410DAC98996B5DFD5349102B8C863E4D6C5B9909004306EABF842193E09333EBF0B897957994454BC936ADC3CD8737DDFAC3EA15AC4082BB375349BFF2561609A80743BCAB0EEE8A4CAF7497B89CC1AE51674E30088F29D9721C2E3E2CBA6465B5A6F0E8F19ECD3EC033B20E5BC3B54B9C7FE020C58ED32BAFF5C0DDD204883364E0A1B1E32D0608C830DE1D6E8100F98612B295D27CA0FF4070D1AC821FA5B1E09F78C116D48F944F3BEDE1DB91FC9DFD3567190F6B5EBB34E58407ABA415ECEF5D43E191031870F7360F842EFC8847C8F0CC7EDE31E2D42D6CC30A6ECEE6D2D668E663FDDDA4B466C31952C3DB8E95101AF7C4A3CB55BAF16483F68212C3C5B24F7F924460E53301EF7152914BB471248ECAB0F15A5944C413578CE36BC871996960EDCD4DC704479D125103783F74A6F815865696D66C9CC71863B9C892F2CF675C05F3483B8A448C87F4B7E71DB7F7C12BA7FEDF1A5711B8F2A94E76FA0F17892478E7F7341D2980AED168A2D1725092CCC5C961ACBEF45EDE21BA230981BCA3C1E5E7C3BBAEDB987F8F457B52BCA84D7681409102D3E5AB1F078C41F95BA20037CD87D004C0FC2A0DB5D7746E583ACC34AB667D6F5E10566B537441D48E9E47A08E3B2C19C0DC18F89511225F4A5BEFD9332D86A75ABC802AE77599306A3B092C1191349606811884FA091C30FBDF4609DB4AEBB060EFB2A6C8CC600210D03DA10BC9A55331500CE7B4959DD2F3EFBD8B49900632F4EEA805D4DE87D291FF52CF208287260D03329111A0166C9113B8050D5B3AB9DC3C8A2F9298C4B846B12ED2D951238A32AB73E7603950C825D65E0EA813498A44AB340464E039628D96537D3563BFA9C58270A4F70D4A023888744F047F58B2A058AAB7FC369B81397D3DECB628612FD6136338840707C7E621445C2B8861FF0263A6E342FAF61F0AFA6F091A38A591387402647FE7B3716B3268247689F5619ADA594F42BBEAD6BAAAA413548F7DB37769B67D5A3F3570FAD4181AC6D8B70C19AE510DB2160053AD6D242DCD2860F195A9A7232BCB7BE6EE9F173BE090EA9A724C3D138B796D30D5A9281FAF186710E303E8703DEAAEDCF40CDBBDCF3B80D7F4580E44AE9A3C0B3B792DCCA1D35291E0DF0F2531DC26077BAD439D1A8A5967250D35DDB961FD381E6B13A5B48611AE1391FB6147920E07CA42BDB928E95A1C8DDA83B934CF3B36D347891B5B3833F52D31D0B88CFE053AC0854988A474416D4A87FD786AF1265E31B30D20650BF14D748923C90B61BE8CF63C2C8B087E61FA7839A6926E8C05BD970C13716B7BB78980F2F2B5C027D941E4B701EB1D3495131254879BEF82E39238EBC6DC9A6A1CA07DF81D415E932DE324EEF96F30EA145CF51FD7737BD3C8FAB3E3D1187D797DBAF43AB8A90E511EE8C550DF6BA12D5C1082FE6793C27B3E84B66A3DB5AFE410599219E0F5AEF7D6FCF84CE1EE361DD266B6DD18912B9CD23FDA245196E33',1796024678332,1796024678332,NULL,1796024678332);
INSERT INTO "signing_keys" VALUES('default','XSJ3w8qOa91oQpzYn2se7wayrcp-Zf-pM39KPSj4KNI','ES256',2,X'56ADFDB497F81CFCB9F5294C1703096728B727F50E2D3946062E0C364F1B646D015D0D3ECB6733344472AEBE8F6C334154498F004F485C3AF25CD5BF484C08BE71ED251658729C2DE6A733B6F64F2858153082DF4616AC3514CAFF46E68F55A00955C8D83373D02F5F7A6B83F7186C2BFCA5527C557A3B55497D79BDDB745F6C8985868E41514FF0C20761A96B01B659B73607858F9AA8A3748AD0C1C2CEEAC7514AD4475947',1796024684471,1796028284471,NULL,NULL);
INSERT INTO "signing_keys" VALUES('default','cpedaULvu8T16tk_NRhdkh_mEsRr-AFYUZjNRTOw970','ECDH-ES',2,X'3A8972C27B2E050A952DE3A08B8B08E7BB643EBCF5CF235ADC9627A9767652EDAB498488F341B3D272112CB5ADB5A19AF17FEF228B3C476B0FBABC807F801C34126703CFAE1A4AD461479193671261D14F269523B138664381E9D6F88770FF5C46E9952702933434C5CC9FD8912705A86041B70CD7C1407B176DD701B4E09843CC6603DB8F1781163E423CF1BDB38140F3E6FB3019335B8A76A4F4AEFE85365FC625AA02EC1B',1796024684471,1796028284471,NULL,NULL);
INSERT INTO "signing_keys" VALUES('default','gk6j8THteV_wg2d6eB6o5Gs-f-OSutyhXnb9keUOguk','ECDH-ES+A256KW',2,X'6795E616A2DD7C37E08A29EC71935B5111ECBE6E5A628EB8129AF89B7B0317D3F683BDEB1A24B493D62989F33B02B8872C7103B5360F845ADC923A456A6F4E6AA6338812B62588761B77956A96BCFB0DC34A066E1654C39E4E0516B56C309FD6CD39D6CB43C7A4CB783C9217FF42CFF7D5BA153A57536F615514D8880161411F6D89679E7953B2F679ED55A56F7EA4DC9E42F0E4B626A3819C768173113866826846431CA65B',1796024684471,1796028284471,NULL,NULL);
INSERT INTO "signing_keys" VALUES('default','iv-Ea8WDu13tDfEIGjqha-09rQgecIx7tOIv4zMMDJg','RS256',2,X'C4148C57165FEDD3DEB24E0AC5EFCC046015A1E7C61216C672D4FD10248C147945106664B2783EBA21B49FE5D9978815A811AD8530FBE29270AF368319F4C3411F589E515FB3F91CCC15A41348238A9DDF3F6F14ACC02A7DE17DA249B7F2EE39EFE76E2ECCA91EE03DFD731274FA8B9DD435C7459E683435EE9BD2D1548544948A434198063AB9CC33985412AFB0F152D3B3AF731BE75F0D10739C73D23B94320CA46B7CC5B7F1C7FC4BF7F435FF4A7DA07FA5B3A7BDD0DD96346694F3C529CA17875E7C38AB5B1BE4430AF19DB71B63B02E5F7A053AFFD54BC1E839D14882A7BFCC9C5B491F1F44D26298AFFA34E9ED89F739F15AF36BFF72D4222872407E6C4C6452746890F9E45932AADA30B7281DC676995427A296F97745F93E1DDE4B4FD0E7F7A1AC11F95F16BFD289A9D0AEC75736C1EE573131F1FD49027B668FEB6BBC5E289FF4CA142B2D7AEACA7D897615C174BB90B1DC67A0BAB65549061945B2CD808074E1F4C8213D7C9988A438A52BABEB35A93CEF9B0C619B4E8D913368E6D4167E0B44AA2219A222C4877D66778359834366C89665F52B81277A6EE68FAB4E76528FE405AE80BAB702E696A16CCFD5A756FA9973CBBC6F98D93D5D903A085FF1875445B4822FE8FE00037D0FEAF4AA2A6B79D5859D6ABA0BBA137219B63E3EA18E9A46D675377C7FA9177913611F997CB8D340EC084A8C01E9497C776A7B3A0F0C166B525B6C070D50FC5893099865316E4622EED545B242657E79361A53A2BE84E242EE2EB8118A50B2D5453F1564C6A447FD9B62B20AD6B4159D87ACEDEF6D3EC31678A537B1E20432FBF117DAF728FA3C695B77F63566ADB8721D246351DA60BB31950695E827D58B94E1C20DDB8CCE8A57C9AADD7F94A8DBEB06DC45855B1F0C438F7662DB3FC8EB307204C390D32C181E64D8E2816E5C9D49DAD7E0EC1CE47C89531E170F45BC3F9A34496CFDA54A8C211F9C6DB3EF82A5787F3DBE79F44A20B8D1802B922781C15AD97C167926C36CCC51AD683005F5F66AB8030BF0C929BFD046DC9992D81A6322B731815B9EE815538E0500A83490ABF0830120FC3FE417042060C3AB7D05A16BB14F0D3A0B18B14584D36C6BA14806DB1194B152964685DC5C649E68188BC7E5194ED1592A3302E19F3992A470930A01ECEA23C96DC949302413E764AA3CC391075F27EA30C9EE91B06BC223784E5275187912AE43BEE97D1DA0C95F46FDE414AD47B777006F78589F2D258AFE5BE2AAF899BD8E7300BDDFAC017DBE647FF80FA0E59E028350FCFF77683008F92CB4F8307AEC8C988D45B32C290370AF27D6F856DF3E1D85894088CD6AFA23F9654C96F8D0D2E0DBBFA8C96295CCDF7813C4799ED10649AE4ACE2030A70D054E31E419BC6EC7A3E2D7E70CC1F01D9F01BBFB475D7B02ADCE60A3235592854DCAF9C93D535F4C957F31ED2591416E8455EB5C2BDCF563F0F874E9AFFB28AD6AAB758A1052ABEC57E38A1EA707AFA0971CB053AE28C7C016D9AE2C0E93177A56D9A8C7058ADBCD202FBF3B169DAC8075B3762FA0334A84AA07A2BCAE32DB8DAF221C3C5FE756EABF50DC337B51445F6A71D9E0F12A2D68E886768C8484D2E54E5ACCAC2E5F92AF8F295C651256BDC4575E3FA555885A8EB5ABBC29012FACF4AEFEC7BCB9A5297929E30F325AEC2E9F545106DD48A904E6EA1363FACFFB468F1A0DB1BD460BA29C14CD5F6305F7BFD871EF9AF98EF78923D15E07AB35FE7996368677FAF5387096B75AA2FF5597AFF25D852429A9DE7E7152E27B6993BF0F572DADFC4C281520A5880E5B25A18DB9991E35276E1153782001EBDB8C0DBC18A5986C4A402BE249F5CB2D94163FB5C4111E3DAD02222C0CB1F625004B1AC9E5CFECD4E17AB71A840732CB25262BD8962522C0F038F09CAFD88469C2309BC81D1963E95F4BC1F8D3407341750771412A9B9A2719350C365BEB053236D2C730D537DDA92A004E64C88E1CEEAEA219660E2A0F45001869A22CFF9144E4A57DE24117DC9B91B34CE7B2BA753A8BC48DBCAB0EA4B15DF0629C8D230674F784255821AB41CAE750749B9F14650009889EDC15DD17FEFB01514C16761BCF6DEAE0BAB3E5F08EC5FAA8644BF7624D3E5465F4FF8C5B69E3AC71D0FEE1409483BDB2B18407A20112804817DAC10A5ADBFFB3D77F49D92915908C6D65EBB8289E63FAF0A89D6287CC0DB40D5567323430623A2BD1C03C8BBD8CA7A88042C847FA464E7F6AD7994F1C64336F3D4B128EA5D5AD0FB5E0A180E903ADC0114B32D436EB7669EE69E16DAE89A1DE1B4952BAC0489135340C0DD83425939E9FB058E7FF2F22F763AB3F2D691FC0141E067F86FCC40D9FA151DF9E9D61B72BA8FC9875864F6C169B0EDC382DF0825400687A39ADE22E421A2E7F917FEDF702BE17897076B497DE66FF3D1618F2D13E3E8AA01601206A15C5D9832C6009F7D6511B2A6B98D98F1A77FA6576F37E4DD8497498975DD1D3C3F5C641DE7C8E5EC933F7A7488F795FC1DA3A59685077E6B7527FF6B0D19DFE97BEA6D3E4BC313FBD285CA6FBE78729F05891D281568ECD89',1796024684471,1796028284471,NULL,NULL);
INSERT INTO "signing_keys" VALUES('default','rv6D05WqJIXgOc04c7Un-0u8ex4LZ9ttur21NWeL2TQ','ECDH-ES',1,X'A8F5E9A2DA23522743ADFB84E579E88E4D8A64A5607DDB8A5A273C78B485D775EAD550D60BBBA97F6D5BA4151EF2FB0B5C09D6FC0AD56BF6FF71B5B482770474D2665525ECB36A92AC494F43B25430C781C20B65C5D4140202106371A49691A82BAD982BC823EAE2500C1A6E7DC0D0883D1D9091C2ADA8EAFC54816E3970333EA2C190BB33A6F1F4A1CF84156A0AC4024877167B20BEB03F10368066547117EDCD1C1F9F20A4',1796024678876,1796024678876,NULL,1796024678876);
INSERT INTO "signing_keys" VALUES('default','vXXvMK686Bltiq4LC2gmJr1m-SNgVKJLnwNXpCx89_k','ES256',1,X'1E8492A4C5A6C7D7453ADCF310914D95522D23C41B36C8038543BCA32CF490D0388F4499E555253736CA9410ACAA64729F3FF0BF2F4B89BB9B2252BACAD249DC07BED7F6572CA9A140A01E223A763FFCDA079BAEC2FBC398224C48B6BADFC30DC745FCB2C769133739788A56AB3BDA9DD973D176A403702DF7DA1466FB9F2BB7C765FF59733336271BE353A5A66CFCA7782764F93FE5A45C5B377328DDC7C8B401AD7FDD345F',1796024678332,1796024678332,NULL,1796024678332);
CREATE TABLE token_families (
    realm_id        TEXT NOT NULL,
    id              TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    session_id      TEXT NOT NULL,
    offline         INTEGER NOT NULL CHECK (offline IN (0, 1)),
    scope           TEXT NOT NULL,
    resources       TEXT NOT NULL,
    auth_time       INTEGER NOT NULL,
    methods         TEXT NOT NULL,
    generation      INTEGER NOT NULL CHECK (generation >= 0),
    leaf            BLOB NOT NULL CHECK (length(leaf) = 32),
    created_at      INTEGER NOT NULL,
    rotated_at      INTEGER,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked_at      INTEGER,
    revoked_because TEXT, claims TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (realm_id, id),
    CHECK ((revoked_at IS NULL) = (revoked_because IS NULL)),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "token_families" VALUES('default','AaIraclg2M46LbHZgkO1fQ','web','dlJkG92huyBM84_UObGkxA','5sxofVMdrH2aRbQKd9E_CA',1,'openid email offline_access','[]',1796024682824,'["pwd"]',1,X'5A7CBE380F7E3D0C8F4703C6725B3107B280BA47BD8279F083AA935E1B783F20',1796024682892,1796024683440,1796629483440,1798616682824,NULL,NULL,'');
INSERT INTO "token_families" VALUES('default','AaIracnXOtrHUsz8Y8rmdw','first-party','dlJkG92huyBM84_UObGkxA','Ug7j8W3evlDuY2a8bkQ7Rg',1,'openid email offline_access','[]',1796024682967,'["pwd"]',0,X'D949BD91E63913C188829BE5FD9CD19C87D5BF7F7182392F04B209607D24AF05',1796024683117,NULL,1796629483117,1798616682967,NULL,NULL,'');
INSERT INTO "token_families" VALUES('default','AaIracrIzEpxToziEMI4Dw','spa','dlJkG92huyBM84_UObGkxA','ezGbokj-C2k9eu4McewugA',1,'openid email offline_access','[]',1796024683167,'["pwd"]',0,X'38D36897366EF3D5664477800803B087F8E9E806EC27844C0244004A425328B3',1796024683308,NULL,1796629483308,1798616683167,NULL,NULL,'');
INSERT INTO "token_families" VALUES('default','AaIractn6SHEs2cIivnFng','opaque','dlJkG92huyBM84_UObGkxA','D7jixiOuldps0jFo_w0gGA',1,'openid offline_access','[]',1796024683361,'["pwd"]',0,X'93B22C4A908ACD81891802218BA8D0FB901BDE7F80886864BA719C2A8CBE2E4D',1796024683373,NULL,1796629483373,1798616683361,NULL,NULL,'');
INSERT INTO "token_families" VALUES('default','AaIracu4IKnfP3KHFjgrXg','first-party','dlJkG92huyBM84_UObGkxA','MvZawEdTb9zBG4ybdiC7pw',1,'openid profile email offline_access','[]',1796024683448,'["pwd"]',0,X'AD2C720BAB7628C3559EA5772AFE4A7FAA872F4C674F584A7D8FC6AD6CBEA4F1',1796024683452,NULL,1796629483452,1798616683448,1796024683456,'token.revoked','');
INSERT INTO "token_families" VALUES('default','AaIracupo0beEq7b1-BaeA','pairwise','dlJkG92huyBM84_UObGkxA','28Bsou1nHvfV7Da98RSMmw',1,'openid email offline_access','[]',1796024683386,'["pwd"]',0,X'4D214D1CD6AD5020831C068AB7DC6A1F778D37B371D325D8AB0DD82E568FD26E',1796024683436,NULL,1796629483436,1798616683386,NULL,NULL,'');
INSERT INTO "token_families" VALUES('default','AaIracvGVHZEBWzTy4EIlA','first-party','dlJkG92huyBM84_UObGkxA','HzGEMuyF9KMRX_js6KN5aw',1,'openid profile email offline_access','[]',1796024683462,'["pwd"]',0,X'30F48F938FAE76BF7A04151AB9592379264E76515EFD34AFDA910EF817B300D1',1796024683466,NULL,1796629483466,1798616683462,NULL,NULL,'');
INSERT INTO "token_families" VALUES('default','AaIracw_FZdrpxOUa4soOQ','first-party','rJr0MSGuHcDQLQs7L1HnPg','vf3KskPJOCJZVgxGxVqxNg',1,'openid profile email offline_access','[]',1796024683583,'["pwd"]',0,X'11A3D39C82263BEF3F4650B2864401FC83A3257C1FE30607CA903CA722792071',1796024683591,NULL,1796629483591,1798616683583,1796024683905,'user disabled','');
INSERT INTO "token_families" VALUES('default','AaIracy4aWKWi53wOwpDKg','first-party','fsJiJIwO3DD2Dm0PFG1cwg','HnjDj7Y4_GBJKAHcEEJ6iw',1,'openid profile email offline_access','[]',1796024683704,'["pwd"]',0,X'A1B9EF0EB52A0E58E844BCEC189475F13F71B09EE9D76C5B3DB08B50E8151011',1796024683784,NULL,1796629483784,1798616683704,1796024683989,'user signed out','');
CREATE TABLE used_once (
    purpose    TEXT NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO "used_once" VALUES('registration:default',X'909C1FAAD73B73F62598AB77DD8DD0848349F5EEA6131941A8D161CA3131498A',1796028282768);
CREATE TABLE user_roles (
    realm_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    role     TEXT NOT NULL,
    PRIMARY KEY (realm_id, user_id, role),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "user_roles" VALUES('default','dlJkG92huyBM84_UObGkxA','editor');
CREATE TABLE users (
    realm_id       TEXT NOT NULL REFERENCES realms (id),
    id             TEXT NOT NULL,
    username       TEXT NOT NULL,
    username_key   TEXT NOT NULL,
    email          TEXT,
    email_key      TEXT,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    claims         TEXT NOT NULL,
    salt           BLOB NOT NULL CHECK (length(salt) >= 16),
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    valid_from     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL, attributes TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, username_key),
    UNIQUE (realm_id, email_key)
) STRICT, WITHOUT ROWID;
INSERT INTO "users" VALUES('default','U0o9Loey5kO5fiCVpN3OcA','dave','dave','dave@example.org','dave@example.org',0,'{}',X'9A8E36AC52B38D1442B90D8D97A391F8',1,0,1796024679985,1796024679985,'{}');
INSERT INTO "users" VALUES('default','dlJkG92huyBM84_UObGkxA','alice','alice','alice@example.org','alice@example.org',1,'{"address":{"country":"DE"},"locale":"en-GB","name":"Alice Example"}',X'862CE31BEF95805CBE65611E3D14D0E0',1,0,1796024679001,1796024679001,'{"tier":"gold"}');
INSERT INTO "users" VALUES('default','fsJiJIwO3DD2Dm0PFG1cwg','carol','carol','carol@example.org','carol@example.org',0,'{}',X'D52A7E0909FFFC5388914223ED4E5441',1,1796024683989,1796024679621,1796024679621,'{}');
INSERT INTO "users" VALUES('default','rJr0MSGuHcDQLQs7L1HnPg','bob','bob','bob@example.org','bob@example.org',0,'{}',X'CFC2BE4B9D901C00C6E8DBBD51093099',0,1796024683905,1796024679295,1796024683905,'{}');
CREATE TABLE webhooks (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    id         TEXT NOT NULL,
    url        TEXT NOT NULL,
    audience   TEXT NOT NULL,
    events     TEXT NOT NULL,
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    told_up_to INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "webhooks" VALUES('default','siem','https://siem.example/events','https://siem.example/events','user.*',1,56,1796024682269);
CREATE INDEX sessions_by_user ON sessions (realm_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_by_user ON authorization_codes (realm_id, user_id);
CREATE INDEX token_families_by_user ON token_families (realm_id, user_id, client_id);
CREATE INDEX token_families_by_client ON token_families (realm_id, client_id);
CREATE INDEX token_families_by_session ON token_families (realm_id, session_id);
CREATE INDEX token_families_by_expiry ON token_families (expires_at);
CREATE INDEX opaque_access_tokens_by_expiry ON opaque_access_tokens (expires_at);
CREATE INDEX used_once_by_expiry ON used_once (expires_at);
CREATE INDEX audit_events_by_time ON audit_events (realm_id, at);
CREATE INDEX pushed_requests_by_end ON pushed_requests (kept_until);
CREATE INDEX pushed_requests_by_client ON pushed_requests (realm_id, client_id, expires_at);
CREATE INDEX consents_by_client ON consents (realm_id, client_id);
CREATE INDEX client_registrations_by_expiry ON client_registrations (expires_at);
CREATE INDEX client_registrations_by_time ON client_registrations (realm_id, created_at);
CREATE INDEX client_registrations_by_token ON client_registrations (realm_id, token);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);
CREATE INDEX session_clients_by_client ON session_clients (realm_id, client_id);
CREATE INDEX outbox_by_turn ON outbox (realm_id, kind, next_at);
CREATE INDEX login_failures_by_end ON login_failures (drained_at);
CREATE INDEX failed_accounts_by_expiry ON failed_accounts (expires_at);
CREATE INDEX known_devices_by_user ON known_devices (realm_id, user_id, last_used_at);
CREATE INDEX known_devices_by_expiry ON known_devices (expires_at);
CREATE INDEX address_blocks_by_expiry ON address_blocks (expires_at);
CREATE INDEX changes_by_time ON changes (at);
CREATE UNIQUE INDEX audit_events_by_seq ON audit_events (realm_id, seq);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);
CREATE INDEX users_by_valid_from ON users (realm_id, valid_from);
CREATE INDEX audit_events_of_soft_locks ON audit_events (realm_id, user_id, at) WHERE event = 'account.soft_locked';
CREATE INDEX dead_letters_by_time ON dead_letters (died_at);
CREATE INDEX outbox_by_webhook ON outbox (realm_id, webhook_id) WHERE webhook_id IS NOT NULL;
CREATE INDEX opaque_access_tokens_by_client ON opaque_access_tokens (realm_id, client_id);
COMMIT;
