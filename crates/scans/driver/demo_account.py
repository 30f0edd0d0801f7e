"""What is put into the emulated account: mostly insecure, as real ones are before anybody looks.

Repeatable: the emulator's ids come from a seed, calls from one thread, names from counters. The same scale makes
the same account, but for the times of creation.
"""

import collections
import io
import json
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

SEED = 42


def _json(value):
    return json.dumps(value, sort_keys=True)


def _tags(i):
    return [{"Key": "env", "Value": ("prod", "staging", "dev")[i % 3]}, {"Key": "owner", "Value": f"team-{i % 4}"}]


def _allow(actions, resource="*", **more):
    return _json({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource, **more}]})


def _trust(svc=None, aws=None):
    principal = {"Service": svc} if svc else {"AWS": aws}
    return _json({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


ADMIN = _allow("*")
READ = _allow(["s3:Get*", "s3:List*"])
PASSROLE = _allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])


class DemoAccount:
    def __init__(self, endpoint, scale, regions):
        self.scale, self.regions = scale, regions
        self.calls, self.failed = 0, collections.Counter()
        self._endpoint, self._clients = endpoint, {}
        seed = urllib.request.Request(f"{endpoint}/moto-api/seed?a={SEED}", method="POST", data=b"")
        urllib.request.urlopen(seed).read()  # noqa: S310
        self._session = boto3.Session("demo", "demo", region_name="us-east-1")
        self.number = self._client("sts").get_caller_identity()["Account"]

    def fill(self, services=None):
        parts = {"s3": self._s3, "iam": self._iam, "ec2": self._ec2, "kms": self._kms, "cloudtrail": self._cloudtrail, "rds": self._rds, "lambda": self._lambda, "messages": self._msg, "more": self._more}
        for name, part in parts.items():
            if services is None or name in services:
                part()

    def _client(self, service, region="us-east-1"):
        key = (service, region)
        if key not in self._clients:
            config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
            self._clients[key] = self._session.client(service, region_name=region, endpoint_url=self._endpoint, config=config)
        return self._clients[key]

    def _do(self, kind, call, **arguments):
        """What the emulator lacks is counted, and left out."""
        try:
            answer = call(**arguments)
        except Exception:  # noqa: BLE001
            self.failed[kind] += 1
            return None
        self.calls += 1
        return answer

    def _s3(self):
        for r in self.regions:
            s3 = self._client("s3", r)
            for i in range(2 * self.scale):
                b = f"acme-{self.number[-4:]}-{r}-{('public', 'data', 'logs', 'backup')[i % 4]}-{i:03d}"
                kw = {} if r == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": r}}
                self._do("s3_bucket", s3.create_bucket, Bucket=b, **kw)
                k = i % 4
                if k == 0:  # public by ACL and by policy
                    self._do("s3_acl", s3.put_bucket_acl, Bucket=b, ACL="public-read-write" if i % 8 else "public-read")
                    self._do("s3_policy", s3.put_bucket_policy, Bucket=b, Policy=_json({"Version": "2012-10-17", "Statement": [
                        {"Sid": "Pub", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{b}/*"}]}))
                elif k == 1:  # decent
                    self._do("s3_enc", s3.put_bucket_encryption, Bucket=b, ServerSideEncryptionConfiguration={
                        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})
                    self._do("s3_ver", s3.put_bucket_versioning, Bucket=b, VersioningConfiguration={"Status": "Enabled"})
                    self._do("s3_pab", s3.put_public_access_block, Bucket=b, PublicAccessBlockConfiguration=dict(
                        BlockPublicAcls=True, IgnorePublicAcls=True, BlockPublicPolicy=True, RestrictPublicBuckets=True))
                self._do("s3_tag", s3.put_bucket_tagging, Bucket=b, Tagging={"TagSet": _tags(i)})

    def _iam(self):
        iam = self._client("iam")
        self._do("iam_pwpolicy", iam.update_account_password_policy, MinimumPasswordLength=6, RequireSymbols=False)
        self._do("iam_policy", iam.create_policy, PolicyName="AcmeFullAdmin", PolicyDocument=ADMIN)
        self._do("iam_policy", iam.create_policy, PolicyName="AcmeReadOnly", PolicyDocument=READ)
        self._do("iam_policy", iam.create_policy, PolicyName="AcmeDeployer", PolicyDocument=PASSROLE)
        self._do("iam_group", iam.create_group, GroupName="developers")
        for i in range(3 * self.scale):
            u = f"user-{i:03d}"
            self._do("iam_user", iam.create_user, UserName=u, Tags=_tags(i))
            if i % 3 == 0:  # console + admin attached, no MFA
                self._do("iam_login", iam.create_login_profile, UserName=u, Password="Passw0rd!x")
                self._do("iam_attach", iam.attach_user_policy, UserName=u, PolicyArn=f"arn:aws:iam::{self.number}:policy/AcmeFullAdmin")
            elif i % 3 == 1:  # two keys + inline admin
                self._do("iam_key", iam.create_access_key, UserName=u)
                self._do("iam_key", iam.create_access_key, UserName=u)
                self._do("iam_inline", iam.put_user_policy, UserName=u, PolicyName="inline-admin", PolicyDocument=ADMIN)
            else:  # by group, with MFA
                self._do("iam_member", iam.add_user_to_group, GroupName="developers", UserName=u)
                self._do("iam_login", iam.create_login_profile, UserName=u, Password="Passw0rd!x")
                m = self._do("iam_mfa", iam.create_virtual_mfa_device, VirtualMFADeviceName=f"mfa-{u}")
                if m:
                    self._do("iam_mfa_on", iam.enable_mfa_device, UserName=u, SerialNumber=m["VirtualMFADevice"]["SerialNumber"],
                       AuthenticationCode1="123456", AuthenticationCode2="654321")
        self._do("iam_gattach", iam.attach_group_policy, GroupName="developers", PolicyArn=f"arn:aws:iam::{self.number}:policy/AcmeDeployer")
        self._do("iam_role", iam.create_role, RoleName="lambda-exec", AssumeRolePolicyDocument=_trust("lambda.amazonaws.com"))
        for i in range(self.scale):
            self._do("iam_role", iam.create_role, RoleName=f"cross-{i:03d}", AssumeRolePolicyDocument=_trust(aws="*" if i % 2 else "arn:aws:iam::999988887777:root"))
            self._do("iam_rattach", iam.attach_role_policy, RoleName=f"cross-{i:03d}", PolicyArn=f"arn:aws:iam::{self.number}:policy/AcmeFullAdmin")
            self._do("iam_role", iam.create_role, RoleName=f"svc-{i:03d}", AssumeRolePolicyDocument=_trust("ec2.amazonaws.com"))

    def _ec2(self):
        for r in self.regions:
            ec2 = self._client("ec2", r)
            v = self._do("ec2_vpc", ec2.create_vpc, CidrBlock="10.0.0.0/16")
            vpc = v["Vpc"]["VpcId"]
            subs = [self._do("ec2_subnet", ec2.create_subnet, VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{r}{'ab'[i]}")["Subnet"]["SubnetId"] for i in range(2)]
            self._do("ec2_subpub", ec2.modify_subnet_attribute, SubnetId=subs[0], MapPublicIpOnLaunch={"Value": True})
            if r == self.regions[0]:
                self._do("ec2_ebsdef", ec2.enable_ebs_encryption_by_default)
            ami = self._do("ami", ec2.register_image, Name="acme-base", Architecture="x86_64", RootDeviceName="/dev/sda1", VirtualizationType="hvm")["ImageId"]
            for i in range(2 * self.scale):
                g = self._do("ec2_sg", ec2.create_security_group, GroupName=f"sg-{i:03d}", Description="app", VpcId=vpc)
                gid = g["GroupId"]
                port = (22, 3389, 443, 3306)[i % 4]
                self._do("ec2_rule", ec2.authorize_security_group_ingress, GroupId=gid, IpPermissions=[
                    {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8" if port == 443 else "0.0.0.0/0"}],
                     **({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]} if port == 22 else {})}])
                if i % 8 == 7:
                    self._do("ec2_rule", ec2.authorize_security_group_ingress, GroupId=gid, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
                if i % 2 == 0:
                    self._do("ec2_instance", ec2.run_instances, ImageId=ami, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subs[i // 2 % 2], SecurityGroupIds=[gid],
                           UserData="#!/bin/sh\nexport DB_PASSWORD=hunter2hunter2\n" if i % 4 == 0 else "",
                           MetadataOptions={"HttpTokens": "optional" if i % 4 == 0 else "required", "HttpEndpoint": "enabled"},
                           TagSpecifications=[{"ResourceType": "instance", "Tags": _tags(i) + [{"Key": "Name", "Value": f"web-{i:03d}"}]}])
                vol = self._do("ebs_volume", ec2.create_volume, AvailabilityZone=f"{r}a", Size=8, Encrypted=bool(i % 2), TagSpecifications=[{"ResourceType": "volume", "Tags": _tags(i)}])
                if vol and i % 2 == 0:
                    s = self._do("ebs_snapshot", ec2.create_snapshot, VolumeId=vol["VolumeId"], Description=f"snap {i}")
                    if s and i % 4 == 0:
                        self._do("ebs_snap_public", ec2.modify_snapshot_attribute, SnapshotId=s["SnapshotId"], Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
            for i in range(self.scale):
                self._do("ec2_eip", ec2.allocate_address, Domain="vpc")

    def _kms(self):
        for r in self.regions:
            kms = self._client("kms", r)
            for i in range(self.scale):
                k = self._do("kms_key", kms.create_key, Description=f"key {i}", Tags=[{"TagKey": "env", "TagValue": "prod"}])
                if k:
                    kid = k["KeyMetadata"]["KeyId"]
                    if i % 2:
                        self._do("kms_rot", kms.enable_key_rotation, KeyId=kid)
                    if i % 4 == 2:
                        self._do("kms_pol", kms.put_key_policy, KeyId=kid, PolicyName="default", Policy=_json({"Version": "2012-10-17", "Statement": [
                            {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}))

    def _cloudtrail(self):
        s3 = self._client("s3")
        b = f"acme-{self.number[-4:]}-trail"
        self._do("s3_bucket", s3.create_bucket, Bucket=b)
        ct = self._client("cloudtrail")
        self._do("trail", ct.create_trail, Name="main", S3BucketName=b, IsMultiRegionTrail=False, EnableLogFileValidation=False)
        self._do("trail_on", ct.start_logging, Name="main")
        if len(self.regions) > 1:
            self._do("trail", self._client("cloudtrail", self.regions[1]).create_trail, Name="stopped", S3BucketName=b)

    def _rds(self):
        for r in self.regions:
            rds = self._client("rds", r)
            for i in range(self.scale):
                self._do("rds_instance", rds.create_db_instance, DBInstanceIdentifier=f"db-{i:03d}", DBInstanceClass="db.t3.micro", Engine=("postgres", "mysql")[i % 2],
                   AllocatedStorage=20, MasterUsername=("admin", "acmeroot")[i % 2], MasterUserPassword="Passw0rd!x", PubliclyAccessible=i % 2 == 0,
                   StorageEncrypted=i % 2 == 1, BackupRetentionPeriod=0 if i % 3 == 0 else 7, MultiAZ=False, DeletionProtection=i % 2 == 1, Tags=_tags(i))
                s = self._do("rds_snapshot", rds.create_db_snapshot, DBSnapshotIdentifier=f"snap-{i:03d}", DBInstanceIdentifier=f"db-{i:03d}")
                if s and i % 2 == 0:
                    self._do("rds_snap_public", rds.modify_db_snapshot_attribute, DBSnapshotIdentifier=f"snap-{i:03d}", AttributeName="restore", ValuesToAdd=["all"])

    def _lambda(self):
        z = io.BytesIO()
        with zipfile.ZipFile(z, "w") as f:
            f.writestr(zipfile.ZipInfo("app.py", (2024, 1, 1, 0, 0, 0)), "def handler(e, c):\n    return 1\n")
        try:
            self._client("iam").get_role(RoleName="lambda-exec")
        except ClientError:
            self._do("iam_role", self._client("iam").create_role, RoleName="lambda-exec", AssumeRolePolicyDocument=_trust("lambda.amazonaws.com"))
        for r in self.regions:
            lam = self._client("lambda", r)
            for i in range(self.scale):
                self._do("lambda_fn", lam.create_function, FunctionName=f"fn-{i:03d}", Runtime=("python3.8", "python3.12", "nodejs14.x")[i % 3], Role=f"arn:aws:iam::{self.number}:role/lambda-exec",
                   Handler="app.handler", Code={"ZipFile": z.getvalue()}, Environment={"Variables": {"DB_PASSWORD": "hunter2hunter2"} if i % 2 == 0 else {"STAGE": "prod"}})
                if i % 2 == 0:
                    self._do("lambda_public", lam.add_permission, FunctionName=f"fn-{i:03d}", StatementId="pub", Action="lambda:InvokeFunction", Principal="*")

    def _msg(self):
        for r in self.regions:
            sns, sqs = self._client("sns", r), self._client("sqs", r)
            pub = lambda act, arn: _json({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": act, "Resource": arn}]})
            for i in range(self.scale):
                t = self._do("sns_topic", sns.create_topic, Name=f"topic-{i:03d}", Attributes={"KmsMasterKeyId": "alias/aws/sns"} if i % 2 else {})
                if t and i % 2 == 0:
                    self._do("sns_pol", sns.set_topic_attributes, TopicArn=t["TopicArn"], AttributeName="Policy", AttributeValue=pub("sns:Publish", t["TopicArn"]))
                arn = f"arn:aws:sqs:{r}:{self.number}:queue-{i:03d}"
                self._do("sqs_queue", sqs.create_queue, QueueName=f"queue-{i:03d}", Attributes={"Policy": pub("sqs:SendMessage", arn)} if i % 2 == 0 else {"SqsManagedSseEnabled": "true"})

    def _more(self):
        for r in self.regions:
            for i in range(self.scale):
                self._do("ddb_table", self._client("dynamodb", r).create_table, TableName=f"table-{i:03d}", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                   KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
                self._do("ecr_repo", self._client("ecr", r).create_repository, repositoryName=f"acme/app-{i:03d}", imageTagMutability="MUTABLE", imageScanningConfiguration={"scanOnPush": bool(i % 2)})
                self._do("secret", self._client("secretsmanager", r).create_secret, Name=f"acme/secret-{i:03d}", SecretString="x")
                self._do("loggroup", self._client("logs", r).create_log_group, logGroupName=f"/acme/app-{i:03d}")
                self._do("efs", self._client("efs", r).create_file_system, CreationToken=f"efs-{i:03d}", Encrypted=bool(i % 2))
                self._do("stack", self._client("cloudformation", r).create_stack, StackName=f"stack-{i:03d}", TemplateBody=_json({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
                    "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"cfn-q-{i:03d}"}}}, "Outputs": {"pw": {"Value": "DB_PASSWORD=hunter2hunter2"}}}))
        self._do("guardduty", self._client("guardduty", self.regions[0]).create_detector, Enable=True)
